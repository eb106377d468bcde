"""Hyperspectral images of the plots: which bands are kept, and the window of a crown.

NEON's spectrometer has 426 bands, one every 5 nm from 384 nm on. The competition's files lack 57 of them: those in
the water vapour between 1345 and 1430 nm and between 1800 and 1956 nm, and those above 2480 nm. Our wavelengths follow
from that (no file states them): the oxygen line at 760 nm then lies on its band, and the steps on the gaps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.benchmarks.trees.geo_image import Box, GeoImage
from xmodal.benchmarks.trees.geotiff import read_georeference
from xmodal.errors import DataError
from xmodal.modalities.raster.read import read_raster

FILE_BANDS = 369
FIRST_NM, STEP_NM = 383.5, 5.0079
GAPS = ((192, 18), (265, 32))
"""(first band after a gap, bands that are missing there)."""
KEPT_NM = ((420.0, 1335.0), (1450.0, 1790.0), (1970.0, 2400.0))
"""Both ends of the spectrum and the shoulders of the gaps are noise: neighbours there differ by a tenth and more."""
MERGED = 4
"""Neighbouring bands whose mean is kept: 20 nm, which no feature of a leaf is narrower than."""
NO_DATA, UNIT, BRIGHTEST = -9999.0, 10_000.0, 2.0
FALSE_COLOUR_NM = (860.0, 660.0, 550.0)
"""Near infrared, red, green: what foresters see as red, green, blue."""


def wavelengths_nm() -> NDArray[np.float64]:
    """[369]: the middle of each band of a file."""
    band = np.arange(FILE_BANDS)
    missing = sum(np.where(band >= first, count, 0) for first, count in GAPS)
    return np.asarray(FIRST_NM + STEP_NM * (band + missing))


def merged_bands() -> NDArray[np.int64]:
    """[83, 4]: the bands of a file whose means are the bands of the entry; what is left of a range is dropped."""
    nm = wavelengths_nm()
    groups = []
    for low, high in KEPT_NM:
        own = np.flatnonzero((nm >= low) & (nm <= high))
        groups.append(own[: len(own) // MERGED * MERGED].reshape(-1, MERGED))
    return np.concatenate(groups)


def merged_nm() -> NDArray[np.float64]:
    """[83]: the middle of each band of the entry."""
    return np.asarray(wavelengths_nm()[merged_bands()].mean(1))


def false_colour_bands() -> tuple[int, int, int]:
    """The bands of the entry that show `FALSE_COLOUR_NM`."""
    red, green, blue = (int(np.abs(merged_nm() - nm).argmin()) for nm in FALSE_COLOUR_NM)
    return red, green, blue


def read_hsi(path: Path) -> GeoImage:
    """Read one plot: reflectance (1 is all light) in the bands of `merged_bands`, NaN where nothing was measured.

    Raises:
        DataError: missing, undecodable, not georeferenced, another number of bands, or reflectances above 2.
        XmodalError: tifffile is not installed.
    """
    values = read_raster(path, nodata=NO_DATA).numpy()
    if len(values) != FILE_BANDS:
        raise DataError(f"{path}: bands", expected=f"{FILE_BANDS}", found=f"{len(values)}")
    empty = (values == 0).all(0)  # beyond the flight line the files hold 0 in every band
    reflectance = np.where(empty | (values < 0), np.nan, values / UNIT).astype(np.float32)
    kept = np.asarray(reflectance[merged_bands()].mean(1))
    if np.nanmax(kept, initial=0) > BRIGHTEST:
        found = f"up to {UNIT * np.nanmax(kept):g}"
        raise DataError(f"{path}: pixels", expected=f"reflectance times {UNIT:g}, to {BRIGHTEST * UNIT:g}", found=found)
    corner_m, pixel_m = read_georeference(path)
    return GeoImage(kept, corner_m, pixel_m)


def crown_window(cube: GeoImage, box_m: Box, side_px: int) -> Tensor:
    """[C, side_px, side_px] around the pixel that holds the crown's centre; NaN around the crown and off the raster.

    Args:
        box_m: the crown's rectangle on the map. Pixels belong to it whose centre does, and always the one in the
            middle of the window.
        side_px: odd.
    """
    x_min, y_min, x_max, y_max = box_m
    column, row = np.floor(cube.uv_px(np.array([(x_min + x_max) / 2, (y_min + y_max) / 2]))).astype(int).tolist()
    half = side_px // 2
    padded = np.pad(cube.pixels, ((0, 0), (half, half), (half, half)), constant_values=np.nan)
    if not (0 <= column < cube.pixels.shape[2] and 0 <= row < cube.pixels.shape[1]):
        raise DataError("crown", expected="a centre on the hyperspectral image", found=f"column {column}, row {row}")
    window = padded[:, row : row + side_px, column : column + side_px].copy()
    place = np.arange(-half, half + 1) + 0.5
    u, v = np.meshgrid(column + place, row + place)
    xy_m = cube.xy_m(np.stack([u, v], -1))
    inside = np.array(((xy_m >= (x_min, y_min)) & (xy_m <= (x_max, y_max))).all(-1))
    inside[half, half] = True
    window[:, ~inside] = np.nan
    return torch.from_numpy(window)
