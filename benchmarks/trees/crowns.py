"""Tree crowns: rectangles drawn on the image, joined to the trees that were measured on the ground."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xmodal.benchmarks.trees.geo_image import Box, GeoImage
from xmodal.benchmarks.trees.layout import EXPECTED, SITES, crown_shapes, field_table, geo_package
from xmodal.benchmarks.trees.shape_parts import check_shapefile
from xmodal.errors import DataError

COLUMNS = ("indvdID", "siteID", "taxonID", "height")


@dataclass(frozen=True, slots=True)
class Tree:
    """One row of the field table."""

    individual: str
    site: str
    species: str
    height_m: float


@dataclass(frozen=True, slots=True)
class Crown:
    """One crown rectangle of a measured tree.

    Attributes:
        key: unique: plot/individual, with #2, #3 where the shapefile lists a tree more than once in a plot.
        plot: the plot whose image holds the rectangle's centre.
        box_m: (x_min, y_min, x_max, y_max) on the map.
    """

    key: str
    plot: str
    tree: Tree
    box_m: Box

    @property
    def centre_m(self) -> tuple[float, float]:
        x_min, y_min, x_max, y_max = self.box_m
        return (x_min + x_max) / 2, (y_min + y_max) / 2


def read_trees(root: Path) -> dict[str, Tree]:
    """The measured trees by their indvdID; of a tree measured twice the first row counts.

    Raises:
        DataError: the table is missing, lacks a column, or holds a height that is no positive number of metres.
    """
    path = field_table(root)
    if not path.is_file():
        raise DataError(path, expected=EXPECTED, found="no such file")
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise DataError(path, expected=f"columns {', '.join(COLUMNS)}", found=f"no {', '.join(missing)}")
            trees: dict[str, Tree] = {}
            for row in reader:
                if row["height"] != "NA":
                    trees.setdefault(row["indvdID"], _tree(path, reader.line_num, row))
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(path, expected="a CSV table in UTF-8", found=f"a line that is none ({error})") from error
    return trees


def _tree(path: Path, line: int, row: Mapping[str, str | None]) -> Tree:
    values = [row[c] for c in COLUMNS]
    if not all(values):
        raise DataError(f"{path}, line {line}", expected=f"{', '.join(COLUMNS)}", found=f"{values}")
    individual, site, species, height = (str(v) for v in values)
    try:
        height_m = float(height)
    except ValueError:
        height_m = float("nan")
    if not 0 < height_m < 150:
        raise DataError(f"{path}, line {line}: height", expected="metres between 0 and 150", found=repr(height))
    return Tree(individual, site, species, height_m)


def read_crowns(root: Path, rasters: Mapping[str, GeoImage]) -> list[Crown]:
    """The crowns of measured trees whose centre lies on one of the rasters, in the order of the shapefiles.

    Args:
        rasters: by plot name, which begins with the name of its site.
    """
    trees = read_trees(root)
    crowns: list[Crown] = []
    seen: dict[str, int] = {}
    for site in SITES:
        own = {plot: raster for plot, raster in sorted(rasters.items()) if plot.startswith(site)}
        for individual, box_m in _rectangles(crown_shapes(root, site)):
            plot = _plot_of(box_m, own)
            if plot is None or individual not in trees:
                continue
            name = f"{plot}/{individual}"
            seen[name] = seen.get(name, 0) + 1
            key = name if seen[name] == 1 else f"{name}#{seen[name]}"
            crowns.append(Crown(key, plot, trees[individual], box_m))
    return crowns


def _rectangles(path: Path) -> Iterator[tuple[str, Box]]:
    shapefile = geo_package("shapefile")
    if not path.is_file():
        raise DataError(path, expected=EXPECTED, found="no such file")
    check_shapefile(path)
    try:
        with shapefile.Reader(str(path)) as reader:
            records = [(i.record.as_dict(), i.shape.points, tuple(i.shape.bbox)) for i in reader.iterShapeRecords()]
    except Exception as error:  # the parser meets garbled bytes with errors of many types
        found = f"bytes that contradict themselves ({type(error).__name__}: {error})"
        raise DataError(path, expected="an intact shapefile (.shp, .dbf)", found=found) from error
    for number, (record, points, bounds) in enumerate(records):
        where = f"{path}, record {number}"
        if not record.get("indvdID"):
            raise DataError(where, expected="the field indvdID", found=f"{record}")
        corners = np.array([p[:2] for p in points], dtype=np.float64)
        if len(corners) < 4 or not np.isfinite(corners).all():
            raise DataError(where, expected="a polygon of at least 4 finite points", found=f"{len(corners)} points")
        (x_min, y_min), (x_max, y_max) = corners.min(0).tolist(), corners.max(0).tolist()
        if (x_min, y_min, x_max, y_max) != bounds:
            raise DataError(where, expected=f"points that fill its bounding box {bounds}", found=f"{corners.tolist()}")
        yield str(record["indvdID"]), bounds


def _plot_of(box_m: Box, rasters: Mapping[str, GeoImage]) -> str | None:
    centre = np.array([(box_m[0] + box_m[2]) / 2, (box_m[1] + box_m[3]) / 2])
    return next((plot for plot, raster in rasters.items() if raster.contains(centre)), None)
