"""Where a falling curve bends from steep to flat.

Satopaa et al.: Finding a "Kneedle" in a Haystack, ICDCS Workshops 2011, for a convex falling curve of which all points
are known: no smoothing and no sensitivity. The equation in this form is ours. Evidence: ancestor.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_GAP = 1e-6  # a straight line keeps this much below its chord by rounding


def knee(curve: Tensor) -> Tensor:
    """The index r at which the curve lies furthest below its chord: the argmax of (1 - x_r) - v_r.

    v is the curve moved and scaled to fall from 1 to 0, x = r / (C - 1). The steeper the fall, the smaller r. The
    argmax of the opposite difference, v_r - (1 - x_r), would be 0 for every convex curve.

    Args:
        curve: [..., C], each falling along the last dimension, such as sorted logits; gets no gradient.

    Returns:
        [...] long, unchanged under a * curve + b with a > 0; 0 for a curve that never lies below its chord: flat,
        straight, or first flat and then steep.
    """
    curve = curve.detach()
    top, bottom = curve[..., :1], curve[..., -1:]
    span = top - bottom
    height = torch.where(span > 0, (curve - bottom) / torch.where(span > 0, span, 1), 1)  # [..., C]
    chord = torch.linspace(1, 0, curve.shape[-1], dtype=curve.dtype, device=curve.device)
    gap = chord - height
    return torch.where(gap > SMALLEST_GAP, gap, 0).argmax(-1)
