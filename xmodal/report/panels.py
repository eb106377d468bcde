"""Pictures side by side with titles: what a camera saw, what is true, what each arm answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
"""[H, W, 3], red first."""

PALETTE: Picture = np.array(
    [
        [46, 110, 190], [118, 154, 10], [250, 94, 94], [10, 238, 190], [166, 22, 130],
        [130, 82, 10], [250, 178, 250], [34, 178, 202], [250, 190, 70], [10, 106, 58],
        [190, 130, 130], [202, 226, 154], [142, 34, 58], [94, 58, 166], [130, 154, 130],
        [130, 82, 130], [46, 178, 82], [154, 190, 250], [250, 118, 166], [226, 118, 46],
    ],
    dtype=np.uint8,
)  # fmt: skip
"""[20, 3]: colours for classes that have none of their own, each far from those before it in CIELAB."""

IGNORED = (58, 58, 64)
_SMALL_PX = 256  # pictures lower than this are enlarged
_GAP_PX = 10


def colour_map(classes: ArrayLike, palette: Picture = PALETTE, *, ignore: int = -1) -> Picture:
    """Class indices [h, w] as colours [h, w, 3] uint8; `ignore` is dark grey.

    Args:
        palette: [C, 3] uint8.

    Raises:
        ValueError: an index has no colour.
    """
    index = np.asarray(classes)
    if index.ndim != 2 or index.dtype.kind not in "iu":
        raise ValueError(f"expected class indices [h, w], got {index.dtype} of shape {list(index.shape)}")
    bad = index[(index != ignore) & ((index < 0) | (index >= len(palette)))]
    if bad.size:
        raise ValueError(f"class {int(bad[0])} has no colour: the palette has {len(palette)}")
    known = index != ignore
    colours: Picture = np.where(known[..., None], palette[np.where(known, index, 0)], np.array(IGNORED, dtype=np.uint8))
    return colours


def panel(title_images: Sequence[tuple[str, Picture]]) -> Image.Image:
    """One row of pictures, each below its title.

    Args:
        title_images: titles with uint8 [H, W, 3]. Small pictures are enlarged by whole factors without smoothing, so
            that a cell of a grid stays a square of one colour; coarser ones more, towards a common height.

    Raises:
        ValueError: no picture, or one of other shape or type.
    """
    if not title_images:
        raise ValueError("a panel needs at least one picture")
    for title, picture in title_images:
        _check(title, picture)
    tallest = max(picture.shape[0] for _, picture in title_images)
    height = tallest * max(1, _SMALL_PX // tallest)
    drawn = [_enlarged(picture, height) for _, picture in title_images]
    # A report shrinks a wide panel to the width of its page, and the titles with it.
    text_px = min(28, max(14, sum(d.width for d in drawn) // 70))
    font, head = ImageFont.truetype(_font(), text_px), round(1.6 * text_px)
    widths = [max(d.width, round(font.getlength(title))) for (title, _), d in zip(title_images, drawn, strict=True)]
    size = (sum(widths) + _GAP_PX * (len(widths) - 1), head + max(d.height for d in drawn))
    page = Image.new("RGB", size, "white")
    pen, left = ImageDraw.Draw(page), 0
    for (title, _), image, width in zip(title_images, drawn, widths, strict=True):
        pen.text((left, 2), title, fill=(30, 41, 59), font=font)
        page.paste(image, (left, head))
        left += width + _GAP_PX
    return page


def _font() -> Path:
    """A font that is surely there and holds more than ASCII: the one that comes with matplotlib."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def _check(title: str, picture: Picture) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(f"picture {title!r}: expected uint8 [H, W, 3], got {picture.dtype} {list(picture.shape)}")


def _enlarged(picture: Picture, height: int) -> Image.Image:
    factor = max(1, height // picture.shape[0])
    return Image.fromarray(np.ascontiguousarray(picture.repeat(factor, 0).repeat(factor, 1)))
