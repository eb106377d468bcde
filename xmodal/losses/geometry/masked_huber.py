"""The student regresses several maps of different units, where they are known.

The distillation term of FSKD (arXiv 2604.01766), forest height, cover and profile from RGBI: a re-implementation from
the description; the equation is ours, as none was published in a form we could read. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_items, check_positive
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair


def masked_huber_loss(
    student: Tensor,
    teacher: Tensor,
    valid: Tensor,
    *,
    scale: Sequence[float] = (1.0,),
    delta: float = 1.0,
    mask: Tensor | None = None,
) -> Tensor:
    """Sum over maps c of the mean over valid cells of huber((student - teacher) / scale_c).

    huber(d) = d^2 / 2 up to delta, delta (|d| - delta / 2) beyond. Divide each map by its usual size (the standard
    deviation of its labels, say), so that metres and shares weigh alike: measuring a map and its scale in another
    unit changes nothing. Zero when the valid cells agree; a map without any valid cell adds 0. Serves for labels as
    for a teacher. There is no value per sample.

    Args:
        student: [B, C, H, W], C maps.
        teacher: same shape; gets no gradient.
        valid: [B, H, W] for all maps alike or [B, C, H, W], bool.
        scale: one number > 0 for all maps or C of them, in the units of the maps.
        delta: > 0, in scaled units.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar; float32, or float64 for float64 inputs; without unit.

    Raises:
        ValueError: shapes, mask or number of scales that do not fit, a scale or delta <= 0.
    """
    check_map_pair(student, teacher, mask)
    valid = valid.unsqueeze(1).expand(-1, student.shape[1], -1, -1) if valid.ndim == 3 else valid
    check_items("valid", valid, student.shape)
    check_positive("delta", delta)
    if len(scale) not in (1, student.shape[1]):
        raise ValueError(f"expected 1 or {student.shape[1]} scales, found {len(scale)}")
    for number in scale:
        check_positive("scale", number)
    valid = valid.bool() if mask is None else valid.bool() & mask[:, None, None, None]
    student, teacher = lift_pair(blank(student, valid), blank(teacher, valid))
    unit = torch.tensor(scale, dtype=student.dtype, device=student.device)[:, None, None]
    distance = F.huber_loss(student / unit, teacher / unit, reduction="none", delta=delta).sum((0, 2, 3))  # [C]
    return (distance / valid.sum((0, 2, 3)).clamp_min(1)).sum()


class MaskedHuberLoss(nn.Module):
    """`masked_huber_loss` with its hyperparameters stored."""

    def __init__(self, *, scale: Sequence[float] = (1.0,), delta: float = 1.0) -> None:
        super().__init__()
        self.scale, self.delta = tuple(scale), delta

    def forward(self, student: Tensor, teacher: Tensor, valid: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return masked_huber_loss(student, teacher, valid, scale=self.scale, delta=self.delta, mask=mask)
