"""Image-text pairs in a table: one row a caption, with the path of its image."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from xmodal.errors import DataError
from xmodal.modalities.text.entry import text_entry
from xmodal.modalities.text.pairs import ImageTextPairs, Part, Record

LONGEST_CELL, LONGEST_LINE = 1 << 17, 1 << 20


def read_csv_pairs(
    path: Path | str,
    path_column: str = "path",
    caption_column: str = "caption",
    image_key: str = "image",
    text_key: str = "text",
) -> ImageTextPairs:
    """The pairs of a .csv file (commas) or .tsv file (tabs) with a header; paths are relative to the file.

    Rows of one path are captions of one image; its key is that path.

    Raises:
        DataError: the file is missing, no UTF-8, or lacks a column; a row with another number of cells, without a path
            or with a blank caption.
    """
    path = Path(path)
    captions: dict[str, list[str]] = {}
    for where, image, caption in _rows(path, path_column, caption_column):
        if not image or "\0" in image:
            raise DataError(f"{where}, column {path_column!r}", expected="a path", found=f"{image!r:.80}")
        text_entry(caption, f"{where}, column {caption_column!r}")
        captions.setdefault(image, []).append(caption)
    if not captions:
        raise DataError(path, expected="at least one row", found="none")
    records = [Record(name, Part(path.parent / name), tuple(texts)) for name, texts in captions.items()]
    return ImageTextPairs(records, image_key, text_key)


def _rows(path: Path, *columns: str) -> Iterator[tuple[str, str, str]]:
    """(line, path, caption) of each row, stripped."""
    separators = {".csv": ",", ".tsv": "\t"}
    if path.suffix.lower() not in separators:
        raise DataError(path, expected="a .csv or .tsv file", found=f"suffix {path.suffix!r}")
    if not path.is_file():
        raise DataError(path, expected="a .csv or .tsv file", found="no such file")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(_lines(path, file), delimiter=separators[path.suffix.lower()], strict=True)
            header = [name.strip() for name in next(reader, [])]
            places = [_place(path, header, column) for column in columns]
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                if not row:
                    continue
                if len(row) != len(header):
                    raise DataError(where, expected=f"{len(header)} cells", found=f"{len(row)}")
                image, caption = (row[place].strip() for place in places)
                yield where, image, caption
    except UnicodeDecodeError as error:
        raise DataError(path, expected="text in UTF-8", found=f"byte 0x{error.object[error.start]:02x}") from None
    except csv.Error as error:
        found = f"a row that does not end, or a cell beyond {LONGEST_CELL} characters ({error})"
        raise DataError(path, expected="a table of quoted or plain cells", found=found) from error


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of a file, none of them longer than a table's can be: memory is not taken for a file without ends."""
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            found = f"{LONGEST_LINE} characters without a line end"
            raise DataError(path, expected=f"lines below {LONGEST_LINE} characters", found=found)
        yield line


def _place(path: Path, header: list[str], column: str) -> int:
    if header.count(column) != 1:
        found = f"the header {header!r:.200}"
        raise DataError(f"{path}: column {column!r}", expected="once in the header", found=found)
    return header.index(column)
