"""RGB GeoTIFF of float32: the pixels, and the map coordinates of their corners."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from xmodal.benchmarks.trees.geo_image import GeoImage
from xmodal.benchmarks.trees.layout import geo_package
from xmodal.errors import DataError
from xmodal.modalities.raster.tiff import page_bands, quiet

LARGEST_PX = 50_000_000
RASTER_TYPE_KEY, PIXEL_IS_POINT = 1025, 2


def read_geotiff(path: Path | str) -> GeoImage:
    """Read the first page of a GeoTIFF with three float32 channels.

    Raises:
        DataError: missing, undecodable, of another layout, or without ModelPixelScale and ModelTiepoint.
        XmodalError: tifffile is not installed.
    """
    path = Path(path)
    tifffile = geo_package("tifffile")
    if not path.is_file():
        raise DataError(path, expected="a GeoTIFF", found="no such file")
    raw = path.read_bytes()
    try:
        with quiet(), tifffile.TiffFile(io.BytesIO(raw)) as tiff:
            page = tiff.pages[0]
            corner_m, pixel_m = _georeference(path, page)
            _check_layout(path, page)
            pixels = page_bands(path, raw, tiff.byteorder, page)
    except DataError:
        raise
    except Exception as error:  # the parsers meet garbled bytes with errors of many types
        found = f"bytes that contradict themselves ({type(error).__name__}: {error})"
        raise DataError(path, expected="an intact TIFF", found=found) from error
    if not np.isfinite(pixels).all():
        raise DataError(f"{path}: pixels", expected="finite values", found="NaN or infinity")
    return GeoImage(pixels, corner_m, pixel_m)


def read_georeference(path: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """(corner_m, pixel_m) as in `GeoImage`, of a TIFF of any type; errors as in `read_geotiff`."""
    tifffile = geo_package("tifffile")
    if not path.is_file():
        raise DataError(path, expected="a GeoTIFF", found="no such file")
    try:
        with quiet(), tifffile.TiffFile(path) as tiff:
            return _georeference(path, tiff.pages[0])
    except DataError:
        raise
    except Exception as error:  # the parser meets garbled bytes with errors of many types
        found = f"bytes that contradict themselves ({type(error).__name__}: {error})"
        raise DataError(path, expected="an intact TIFF", found=found) from error


def _georeference(path: Path, page: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    scale = _numbers(path, page, "ModelPixelScaleTag", 3)
    tie = _numbers(path, page, "ModelTiepointTag", 6)
    if not (np.isfinite(scale + tie).all() and scale[0] > 0 and scale[1] > 0):
        raise DataError(f"{path}: ModelPixelScaleTag", expected="finite numbers above 0", found=f"{scale}")
    keys = page.tags["GeoKeyDirectoryTag"].value if "GeoKeyDirectoryTag" in page.tags else ()
    rows = [tuple(keys[i : i + 4]) for i in range(4, len(keys) - 3, 4)]
    half = 0.5 if any(r[0] == RASTER_TYPE_KEY and r[3] == PIXEL_IS_POINT for r in rows) else 0.0
    corner = (tie[3] - (tie[0] + half) * scale[0], tie[4] + (tie[1] + half) * scale[1])
    return corner, (scale[0], scale[1])


def _numbers(path: Path, page: Any, name: str, count: int) -> tuple[float, ...]:
    if name not in page.tags:
        raise DataError(f"{path}: {name}", expected="a georeferenced TIFF", found="no such tag")
    values = page.tags[name].value
    if not isinstance(values, tuple) or len(values) != count:
        raise DataError(f"{path}: {name}", expected=f"{count} numbers", found=repr(values))
    return tuple(float(v) for v in values)


def _check_layout(path: Path, page: Any) -> None:
    if page.dtype != np.float32:
        raise DataError(f"{path}: sample format", expected="float32", found=str(page.dtype))
    if page.samplesperpixel != 3 or page.planarconfig != 1:
        raise DataError(
            f"{path}: channels", expected="3, interleaved", found=f"{page.samplesperpixel} in shape {page.shape}"
        )
    if not 0 < page.imagewidth * page.imagelength <= LARGEST_PX:
        found = f"{page.imagewidth} x {page.imagelength}"
        raise DataError(f"{path}: size", expected=f"at most {LARGEST_PX} pixels", found=found)
