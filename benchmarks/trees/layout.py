"""Where the files of the data set lie, and what to tell a user who lacks them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from xmodal.errors import DataError, XmodalError

SITES = ("MLBS", "OSBS")
LICENCE = "CC BY 4.0 (NEON / IDTReeS 2020: Graves, Weinstein et al.)"
SOURCE = "https://zenodo.org/records/3934932"
EXPECTED = (
    "the training data of the IDTReeS 2020 competition (Zenodo record 3934932, "
    f"{SOURCE}, {LICENCE}), unpacked to <root>/Field/train_data.csv, <root>/ITC/train_<site>.shp, "
    "<root>/RemoteSensing/RGB/<plot>.tif and <root>/RemoteSensing/LAS/<plot>.las"
)
HSI_EXPECTED = (
    f"the hyperspectral images of the IDTReeS 2020 competition ({SOURCE}) as <root>/RemoteSensing/HSI/<plot>.tif, "
    "at least one"
)


def field_table(root: Path) -> Path:
    """The table of trees measured on the ground."""
    return root / "Field" / "train_data.csv"


def crown_shapes(root: Path, site: str) -> Path:
    """The crown rectangles of one site."""
    return root / "ITC" / f"train_{site}.shp"


def rgb_raster(root: Path, plot: str) -> Path:
    """The RGB image of one plot."""
    return root / "RemoteSensing" / "RGB" / f"{plot}.tif"


def point_cloud(root: Path, plot: str) -> Path:
    """The LiDAR points of one plot."""
    return root / "RemoteSensing" / "LAS" / f"{plot}.las"


def hsi_raster(root: Path, plot: str) -> Path:
    """The hyperspectral image of one plot."""
    return root / "RemoteSensing" / "HSI" / f"{plot}.tif"


def plots(root: Path) -> tuple[str, ...]:
    """The names of all plots that have an RGB image, sorted.

    Raises:
        DataError: `root` is no folder or lacks one of the parts; the message says where to get them.
    """
    needed = [root, field_table(root), *(crown_shapes(root, s) for s in SITES), rgb_raster(root, "x").parent]
    for path in needed:
        if not path.exists():
            raise DataError(path, expected=EXPECTED, found="no such file or folder")
    names = tuple(sorted(p.stem for p in rgb_raster(root, "x").parent.glob("*.tif")))
    if not names:
        raise DataError(rgb_raster(root, "<plot>"), expected=EXPECTED, found="no .tif in this folder")
    for name in names:
        if not point_cloud(root, name).is_file():
            raise DataError(point_cloud(root, name), expected=EXPECTED, found="no such file")
    return names


def geo_package(name: str) -> Any:
    """Import an optional package.

    Raises:
        XmodalError: it is not installed; names the extra that holds it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise XmodalError(f"the benchmark 'trees' needs {name}: pip install 'xmodal[geo]'") from error
