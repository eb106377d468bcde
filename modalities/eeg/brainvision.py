"""What a BrainVision header (.vhdr) promises, held against the files that it names before anything is read.

A recording is three files: text with the layout (.vhdr), text with the markers (.vmrk), the samples (.eeg).
"""

from __future__ import annotations

import configparser
import math
from pathlib import Path

from xmodal.errors import DataError

MAGIC = ("Brain Vision Data Exchange Header File", "BrainVision Data Exchange Header File")
MARKER_MAGIC = ("Brain Vision Data Exchange Marker File", "BrainVision Data Exchange Marker File")
SAMPLE_BYTES = {"INT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}
LARGEST_HEADER = 2**24


def check_brainvision(path: Path) -> None:
    """Raise DataError unless the header tells a layout, its companions exist, and the samples fill whole frames."""
    layout = _layout(path)
    common = "Common Infos"
    data = _companion(path, layout, "DataFile")
    channels = _whole(path, layout, common, "NumberOfChannels")
    interval_us = _get(path, layout, common, "SamplingInterval")
    if not _positive(interval_us):
        expected = "a positive number of microseconds"
        raise DataError(f"{path}: SamplingInterval", expected=expected, found=f"{interval_us!r:.60}")
    _check_channels(path, layout, channels)
    if _get(path, layout, common, "DataFormat").upper() == "BINARY":
        kind = _get(path, layout, "Binary Infos", "BinaryFormat").upper()
        if kind not in SAMPLE_BYTES:
            raise DataError(f"{path}: BinaryFormat", expected=f"one of {sorted(SAMPLE_BYTES)}", found=f"{kind!r:.60}")
        frame, size = channels * SAMPLE_BYTES[kind], data.stat().st_size
        if not size or size % frame:
            expected = f"a positive multiple of {frame} bytes ({channels} channels of {kind})"
            raise DataError(data, expected=expected, found=f"{size} bytes")
    if layout.get(common, "MarkerFile", fallback=""):
        _first_line(_companion(path, layout, "MarkerFile"), MARKER_MAGIC)


def _layout(path: Path) -> configparser.ConfigParser:
    if path.stat().st_size > LARGEST_HEADER:
        raise DataError(path, expected=f"a text of at most {LARGEST_HEADER} bytes", found=f"{path.stat().st_size}")
    _first_line(path, MAGIC)
    # The comment section is free text that no parser of settings can read.
    text = path.read_bytes().decode("utf-8", "replace").split("[Comment]")[0]
    parser = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=(";",), delimiters=("=",))
    try:
        parser.read_string(text.partition("\n")[2])
    except configparser.Error as error:
        found = f"a line that is neither ({type(error).__name__})"
        raise DataError(path, expected="sections in brackets with name=value lines", found=found) from error
    return parser


def _first_line(path: Path, magic: tuple[str, ...]) -> None:
    with path.open("rb") as file:
        line = file.read(100).decode("utf-8", "replace").lstrip("\ufeff")
    if not line.startswith(magic):
        raise DataError(path, expected=f"{magic[0]!r} in its first line", found=f"{line[:40]!r}")


def _get(path: Path, layout: configparser.ConfigParser, section: str, name: str) -> str:
    value = layout.get(section, name, fallback=None)
    if value is None:
        raise DataError(f"{path}: [{section}]", expected=f"a line {name}=...", found="none")
    return value.strip()


def _whole(path: Path, layout: configparser.ConfigParser, section: str, name: str) -> int:
    text = _get(path, layout, section, name)
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0):
        raise DataError(f"{path}: {name}", expected="a positive whole number", found=f"{text!r:.60}")
    return int(text)


def _companion(path: Path, layout: configparser.ConfigParser, name: str) -> Path:
    text = _get(path, layout, "Common Infos", name).replace("$b", path.stem)
    if not text or "\0" in text or len(text) > 255 or not (path.parent / text).is_file():
        raise DataError(f"{path}: {name}", expected=f"the companion file {text!r:.120} beside it", found="no such file")
    return path.parent / text


def _check_channels(path: Path, layout: configparser.ConfigParser, channels: int) -> None:
    listed = layout["Channel Infos"] if layout.has_section("Channel Infos") else {}
    for number in range(1, channels + 1):
        line = listed.get(f"ch{number}")
        if line is None:
            raise DataError(f"{path}: [Channel Infos]", expected=f"Ch1 to Ch{channels}", found=f"no Ch{number}")
        resolution = (line.split(",") + [""] * 3)[2].strip()
        if resolution and not _positive(resolution):
            where = f"{path}: resolution of Ch{number}"
            raise DataError(where, expected="a positive number", found=f"{resolution!r:.60}")
    if len(listed) != channels:
        found = f"{len(listed)} lines in [Channel Infos]"
        raise DataError(f"{path}: NumberOfChannels", expected=f"{channels} channels", found=found)


def _positive(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and value > 0
