"""One Sample a crown: a square of ground around it, seen by the camera and by the LiDAR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from xmodal.benchmarks.trees.crop import crop
from xmodal.benchmarks.trees.crowns import Crown, read_crowns
from xmodal.benchmarks.trees.geotiff import read_geotiff
from xmodal.benchmarks.trees.layout import plots, rgb_raster
from xmodal.benchmarks.trees.plot import Plot, inside, read_plot, usable
from xmodal.data.sample import Rows, Sample

COLUMNS = ("x_m", "y_m", "z_m", "intensity", "return_share", "in_crown")


@dataclass(frozen=True, slots=True)
class Window:
    """The square of ground that is cut out around the centre of each crown.

    Attributes:
        side_m: its side; fixed, so that the size of a crown stays visible.
        image_px: its side in the image entry, which thus has side_m / image_px metres a pixel.
        context: brightness of the image around the crown's rectangle, 1 to leave it as it is. Dimming tells a camera
            model which tree is meant, as the column "in_crown" tells a LiDAR model.
        most_points: more points than this are thinned at random, by a seed that depends on the crown alone.
    """

    side_m: float = 10.0
    image_px: int = 32
    context: float = 0.3
    most_points: int = 1024


def read_samples(root: Path | str, window: Window | None = None) -> list[Sample]:
    """All usable crowns of the data set, a Sample each as `make_sample` says, in the order of the shapefiles.

    Raises:
        DataError: a file is missing (says where to get it) or breaks its format.
        XmodalError: an optional package is missing.
    """
    window = window or Window()
    return [make_sample(crown, plot, window, seed) for seed, (crown, plot) in enumerate(usable_crowns(Path(root)))]


def usable_crowns(root: Path) -> list[tuple[Crown, Plot]]:
    """The crowns that `read_samples` makes samples of, in its order, each with its plot."""
    rasters = {name: read_geotiff(rgb_raster(root, name)) for name in plots(root)}
    crowns = read_crowns(root, rasters)
    by_plot = {name: read_plot(root, name, rasters[name]) for name in sorted({c.plot for c in crowns})}
    return [(c, by_plot[c.plot]) for c in crowns if usable(c, by_plot[c.plot])]


def make_sample(crown: Crown, plot: Plot, window: Window, seed: int) -> Sample:
    """The Sample of one crown.

    Args:
        seed: for the thinning of crowded windows.

    Returns:
        entries "image" [3, image_px, image_px] in [0, 1], dimmed around the crown, a flat grey beyond the plot, and
        "lidar" Rows([P, 6]) as in `COLUMNS`: x east and y north of the crown's centre, z above the local ground,
        intensity over the plot's median clipped to 4, return number over number of returns, 1 inside the crown's
        rectangle and 0 around it;
        links ("lidar", "image") Rows([P, 2]) in pixels of the image entry;
        labels "height", metres from the field survey;
        meta plot, site, species, indvdID, box_m (x_min, y_min, x_max, y_max from the crown's centre).
    """
    centre = np.array(crown.centre_m)
    near = np.flatnonzero((np.abs(plot.xyz_m[:, :2] - centre) < window.side_m / 2).all(-1))
    if len(near) > window.most_points:
        near = np.sort(np.random.default_rng(seed).choice(near, window.most_points, replace=False))
    xy_m = plot.xyz_m[near, :2]
    table = np.column_stack([xy_m - centre, plot.xyz_m[near, 2], plot.features[near], inside(crown, xy_m)])
    view = crop(plot.raster, centre, window.side_m, window.image_px)
    image, uv_px = view.dimmed_around(crown.box_m, window.context), view.seen_uv_px(xy_m)
    box_m = np.array(crown.box_m) - np.tile(centre, 2)
    return Sample(
        key=crown.key,
        entries={"image": image, "lidar": Rows(torch.from_numpy(table.astype(np.float32)))},
        links={("lidar", "image"): Rows(torch.from_numpy(uv_px.astype(np.float32)))},
        labels={"height": torch.tensor(crown.tree.height_m)},
        meta={
            "plot": crown.plot,
            "site": crown.tree.site,
            "species": crown.tree.species,
            "indvdID": crown.tree.individual,
            "box_m": tuple(box_m.tolist()),
        },
    )
