"""The bands of a TIFF: its directories by tifffile, each strip or tile checked and decoded on its own."""

from __future__ import annotations

import importlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError, XmodalError
from xmodal.modalities.npy import NUMBERS, check_file
from xmodal.modalities.raster.strips import decode

LARGEST_BYTES, LARGEST_VALUES = 2**30, 2**26
BEST_RATIO = 2000
"""No piece that LZW or deflate packed unpacks to more than this many times its size."""
MOST_PAGES = 4096
NODATA_TAG = 42113
NOT_AN_IMAGE = 1 | 4
"""Bits of NewSubfileType: a smaller copy of another page, or a transparency mask."""


def read_tiff(path: Path) -> tuple[NDArray[Any], list[float]]:
    """([C, H, W] in the file's own type, the values that mean "not measured").

    Strips and tiles, plain or compressed by LZW or deflate, with or without horizontal differences; bands
    interleaved, as planes, or as pages of one size.

    Raises:
        DataError: missing, damaged, or of another kind.
        XmodalError: tifffile is not installed.
    """
    check_file(path, "a TIFF", LARGEST_BYTES)
    try:
        tifffile = importlib.import_module("tifffile")
    except ImportError as error:
        raise XmodalError("reading TIFF needs tifffile: pip install 'xmodal[geo]'") from error
    raw = path.read_bytes()
    try:
        with quiet(), tifffile.TiffFile(io.BytesIO(raw)) as tiff:
            pages = _pages(path, tiff)
            bands = [page_bands(path, raw, tiff.byteorder, page) for page in pages]
            return (bands[0] if len(bands) == 1 else np.concatenate(bands)), _nodata(path, pages[0])
    except DataError:
        raise
    except Exception as error:  # the parsers meet garbled bytes with errors of many types
        found = f"{len(raw):,} bytes that break off or contradict themselves ({type(error).__name__})"
        raise DataError(path, expected="an intact TIFF", found=found) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Silence tifffile: it logs an error for every no-data value that it cannot cast."""
    logger = logging.getLogger("tifffile")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _pages(path: Path, tiff: Any) -> list[Any]:
    pages = []
    total = 0
    for number, page in enumerate(tiff.pages):
        if number >= MOST_PAGES:
            raise DataError(f"{path}: pages", expected=f"at most {MOST_PAGES}", found="more")
        if int(page.subfiletype) & NOT_AN_IMAGE:
            continue
        total += _check_layout(f"{path}: page {number}", page)
        if total > LARGEST_VALUES:
            raise DataError(f"{path}: size", expected=f"at most {LARGEST_VALUES:,} values", found=f"{total:,}")
        pages.append(page)
    layouts = {(p.imagelength, p.imagewidth, p.samplesperpixel, str(p.dtype)) for p in pages}
    if len(layouts) != 1:
        expected = "one image, or pages of one size and type"
        raise DataError(f"{path}: pages", expected=expected, found=f"{sorted(layouts)[:3]}")
    return pages


def _check_layout(where: str, page: Any) -> int:
    """The number of values in a page, which the header may claim but the file need not hold."""
    if page.dtype is None or page.dtype.kind not in NUMBERS or page.dtype.itemsize > 8:
        raise DataError(f"{where}: sample format", expected="real numbers of 8 to 64 bits", found=str(page.dtype))
    if page.bitspersample != 8 * page.dtype.itemsize or page.fillorder != 1:
        found = f"{page.bitspersample} bits, fill order {page.fillorder}"
        raise DataError(f"{where}: bits", expected="whole bytes in usual order", found=found)
    sizes = page.imagelength, page.imagewidth, page.samplesperpixel
    count = int(sizes[0]) * int(sizes[1]) * int(sizes[2])
    if not 0 < count <= LARGEST_VALUES or page.imagedepth != 1:
        expected = f"1 to {LARGEST_VALUES:,} values in a flat image"
        raise DataError(f"{where}: height, width, bands", expected=expected, found=f"{sizes}")
    return count


def page_bands(path: Path, raw: bytes, order: str, page: Any) -> NDArray[Any]:
    """[C, H, W] of one page in the file's own type, each strip or tile checked before it is decoded.

    Args:
        raw: the whole file; order: of its bytes, "<" or ">"; page: tifffile's.
    """
    height, width, bands = page.imagelength, page.imagewidth, page.samplesperpixel
    planes = bands if int(page.planarconfig) == 2 else 1
    tall = page.tilelength if page.is_tiled else min(page.rowsperstrip, height)
    wide = page.tilewidth if page.is_tiled else width
    if not (0 < tall <= 65_536 and 0 < wide <= 1_000_000 and tall * wide * bands <= LARGEST_VALUES):
        raise DataError(f"{path}: strips or tiles", expected="pieces of a sane size", found=f"{tall} x {wide}")
    down, across = -(-height // tall), -(-width // wide)
    offsets, counts = page.dataoffsets, page.databytecounts
    if len(offsets) != planes * down * across or len(counts) != len(offsets):
        found = f"{len(offsets)} offsets and {len(counts)} sizes"
        raise DataError(f"{path}: strips or tiles", expected=f"{planes * down * across} of each", found=found)
    if height * width * bands * page.dtype.itemsize > BEST_RATIO * sum(counts):
        found = f"{sum(counts)} bytes of them"
        raise DataError(f"{path}: data", expected=f"enough for {height} x {width} x {bands} values", found=found)
    out = np.empty((planes, height, width, bands // planes), dtype=page.dtype)
    view = memoryview(raw)
    for i, (offset, count) in enumerate(zip(offsets, counts, strict=True)):
        plane, place = divmod(i, down * across)
        top, left = (place // across) * tall, (place % across) * wide
        rows = tall if page.is_tiled else min(tall, height - top)
        if not 0 < count <= len(raw) - offset:
            found = f"{count} bytes at {offset} in a file of {len(raw)}"
            raise DataError(f"{path}: piece {i}", expected="data inside the file", found=found)
        piece = decode(f"{path}: piece {i}", view[offset : offset + count], (rows, wide, out.shape[3]), order, page)
        part = out[plane, top : top + rows, left : left + wide]
        part[:] = piece[: part.shape[0], : part.shape[1]]
    return np.ascontiguousarray(out.transpose(0, 3, 1, 2).reshape(bands, height, width))


def _nodata(path: Path, page: Any) -> list[float]:
    if NODATA_TAG not in page.tags:
        return []
    text = str(page.tags[NODATA_TAG].value).strip("\0 ")
    try:
        return [float(text)]
    except ValueError:
        raise DataError(f"{path}: GDAL_NODATA", expected="a number", found=repr(text[:40])) from None
