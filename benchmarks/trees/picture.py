"""A picture of one crown: image with the points on it, and the points from the side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.trees.sample import COLUMNS
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError

DOTS_PER_INCH = 100


def picture(sample: Sample) -> NDArray[np.uint8]:
    """[H, W, 3]: the RGB window; the same with the linked points, coloured by height; the side view x-z in metres.

    The rectangle is the crown; the dashed line in the side view is the height measured on the ground.
    """
    from matplotlib.figure import Figure

    image, cloud = sample.entries["image"], sample.entries["lidar"]
    if isinstance(image, Rows) or not isinstance(cloud, Rows):
        raise DataError(sample.key, expected="an image tensor and a cloud of Rows", found="other entries")
    pixels = image.permute(1, 2, 0).numpy()
    points = dict(zip(COLUMNS, cloud.values.numpy().T, strict=True))
    uv_px = sample.links[("lidar", "image")].values.numpy()
    figure = Figure(figsize=(12, 4), dpi=DOTS_PER_INCH, layout="constrained")
    plain, overlay, side = figure.subplots(1, 3)
    extent = (0, pixels.shape[1], pixels.shape[0], 0)  # corner-based, as uv_px
    plain.imshow(pixels, extent=extent)
    _outline(plain, uv_px, points["in_crown"] > 0)
    plain.set_title(f"{sample.key} {sample.meta['species']}", fontsize=9)
    overlay.imshow(pixels, extent=extent)
    order = np.argsort(points["z_m"])  # the tallest on top
    overlay.scatter(*uv_px[order].T, c=points["z_m"][order], s=4, cmap="viridis")
    side.scatter(points["x_m"], points["z_m"], c=np.where(points["in_crown"] > 0, "tab:green", "lightgrey"), s=4)
    side.axhline(float(np.asarray(sample.labels["height"])), linestyle="--", color="tab:red", linewidth=1)
    side.set(xlabel="east of the crown's centre (m)", ylabel="above ground (m)")
    return _pixels(figure)


def _outline(axes: Any, uv_px: NDArray[np.float32], inside: NDArray[np.bool_]) -> None:
    """A rectangle around the points that count as crown."""
    own = uv_px[inside & np.isfinite(uv_px).all(1)]
    if len(own):
        (left, top), (right, bottom) = own.min(0), own.max(0)
        axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color="yellow", linewidth=1)


def _pixels(figure: Any) -> NDArray[np.uint8]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
