"""Events as a picture with a few channels for time."""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.data.batch import Ragged


def voxel_grid(events: Ragged, bins: int, size: tuple[int, int]) -> Tensor:
    """The sum of polarities in each pixel and time bin, each event shared between the two bins next to it.

    Zhu et al., "Unsupervised Event-based Learning of Optical Flow, Depth, and Egomotion", CVPR 2019:
    V(b, y, x) = sum_i p_i max(0, 1 - |b - t*_i|) with t*_i = (bins - 1) (t_i - t_first) / (t_last - t_first) and p_i
    = 1 or -1. Where all events share one time, t* is 0.

    Args:
        events: rows (t_us, x, y, polarity 1 or 0), int64; those outside of `size` are left out, but count for t_first
            and t_last.
        bins: channels.
        size: (H, W).

    Returns:
        [B, bins, H, W] float32.
    """
    batch, (height, width) = len(events.lengths), size
    time, x, y, polarity = events.values.unbind(1)
    sample = events.sample()
    first = time.new_full((batch,), torch.iinfo(time.dtype).max).scatter_reduce(0, sample, time, "amin")
    last = time.new_zeros(batch).scatter_reduce(0, sample, time, "amax")
    span = (last - first).clamp_min(1)[sample]
    # Float64: float32 cannot tell microseconds apart after some seconds.
    place = (time - first[sample]).double() * (bins - 1) / span
    before = place.floor().long().clamp(0, bins - 1)
    share = (place - before).float()
    sign = (2 * (polarity > 0).long() - 1).float()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    grid = torch.zeros(batch * bins * height * width, device=time.device)
    for bin_, weight in ((before, 1 - share), ((before + 1).clamp(max=bins - 1), share)):
        cell = ((sample * bins + bin_) * height + y) * width + x
        grid.index_add_(0, cell[inside], (sign * weight)[inside])
    return grid.view(batch, bins, height, width)
