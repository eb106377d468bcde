"""Read a text file: UTF-8, one text a file."""

from __future__ import annotations

from pathlib import Path

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.text.entry import text_entry

LARGEST_BYTES = 1 << 20
"""A caption or a report; whoever holds more gave the wrong file."""


def read_text(path: Path) -> Rows:
    """A .txt file in UTF-8 as Rows([L]) uint8; blanks at both ends and a byte-order mark are dropped.

    Raises:
        DataError: the file is missing, of another kind, blank, larger than 1 MiB, or no UTF-8 text.
    """
    path = Path(path)
    if path.suffix.lower() != ".txt":
        raise DataError(path, expected="a .txt file", found=f"suffix {path.suffix!r}")
    if not path.is_file():
        raise DataError(path, expected="a .txt file", found="no such file")
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise DataError(path, expected=f"at most {LARGEST_BYTES} bytes of text", found=f"{size} bytes")
    return text_entry(decode_text(path, path.read_bytes()), path)


def decode_text(where: object, data: bytes) -> str:
    """Bytes as text, line ends as "\\n", stripped; a DataError names the first byte that is no UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02x} at {error.start}"
        raise DataError(where, expected="text in UTF-8", found=found) from None
    return text.replace("\r\n", "\n").strip()
