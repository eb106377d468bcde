"""How an edit of the pixels of an image or raster [C, H, W] reaches all that is tied to them.

Pixel i covers [i, i + 1): a point at (u, v) lies in column floor(u), row floor(v).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.data.transforms import map_labels, map_links_from, map_links_into, set_entry
from xmodal.errors import DataError


def edit_pixels(
    sample: Sample,
    key: str,
    edited: Tensor,
    kind: str,
    dense: Callable[[Tensor], Tensor],
    move: Callable[[Tensor], Tensor],
) -> Sample:
    """Put in the edited pixels, and edit what belongs to them alike.

    Args:
        edited: [C, H', W'] the new entry.
        kind: what the entry is called in errors ("image").
        dense: [..., H, W] -> [..., H', W'], for the labels and links that are given for each pixel.
        move: [E, 2] -> [E, 2] (u, v), for what points at the pixels.
    """
    before = sample.entries[key]
    assert isinstance(before, Tensor)
    height, width = before.shape[1:]

    def labels(label: Tensor) -> Tensor:
        if label.shape[-2:] != (height, width):
            where = f"dense label of {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"[{height}, {width}], as the {kind}", found=f"{list(label.shape)}")
        return dense(label)

    def outgoing(link: Tensor) -> Tensor:
        if len(link) != height * width:
            where = f"link from {key!r} in sample {sample.key!r}"
            raise DataError(where, expected=f"a row for each of {height * width} pixels", found=f"{len(link)} rows")
        return dense(link.T.reshape(-1, height, width)).flatten(1).T

    moved = map_links_into(set_entry(sample, key, edited), key, move)
    return map_labels(map_links_from(moved, key, outgoing), key, labels)


def mirror_pixels(sample: Sample, key: str, pixels: Tensor, kind: str, *, horizontal: bool) -> Sample:
    """Mirror the entry's pixels [C, H, W] left and right, or top and bottom."""
    axis = 0 if horizontal else 1  # of (u, v)
    size = pixels.shape[-1 - axis]

    def flip(dense: Tensor) -> Tensor:
        return dense.flip(-1 - axis)

    def mirror(uv: Tensor) -> Tensor:
        places = list(uv.unbind(1))
        places[axis] = _mirrored(places[axis], size)
        return torch.stack(places, 1)

    return edit_pixels(sample, key, flip(pixels), kind, flip, mirror)


def turn_pixels(sample: Sample, key: str, pixels: Tensor, kind: str, turns: int) -> Sample:
    """Turn the entry's pixels [C, H, W] counterclockwise by so many quarters."""
    sides = (pixels.shape[2], pixels.shape[1])  # the width before an odd turn, before an even one

    def rotate(dense: Tensor) -> Tensor:
        return dense.rot90(turns, (-2, -1))

    def turn(uv: Tensor) -> Tensor:
        for i in range(turns):
            uv = torch.stack((uv[:, 1], _mirrored(uv[:, 0], sides[i % 2])), 1)
        return uv

    return edit_pixels(sample, key, rotate(pixels), kind, rotate, turn)


def _mirrored(place_px: Tensor, size: int) -> Tensor:
    """size - place. A point exactly on the near edge would else come to lie on the far side of the other edge."""
    last = float(torch.nextafter(torch.tensor(float(size)), torch.tensor(0.0)))
    return (size - place_px).clamp(max=last)
