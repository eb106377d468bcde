"""The text files of KITTI: lines of names and numbers separated by spaces."""

from __future__ import annotations

import math
import re
from pathlib import Path

from xmodal.errors import DataError

# float() also takes "1_000", "nan" and digits of other scripts, none of which the format knows.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_lines(path: Path, content: str) -> list[str]:
    """The lines of a text file, line ends removed; a DataError if it is missing or not plain text."""
    try:
        return path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        raise DataError(path, expected=f"a text file with {content}", found="no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        found = f"an unreadable file ({type(error).__name__})"
        raise DataError(path, expected=f"a text file with {content}", found=found) from error


def parse_number(text: str, where: str) -> float:
    """One finite number; a DataError that names `where` otherwise."""
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise DataError(where, expected="a finite number", found=f"{text!r:.40}")
    return number
