"""One target distribution from several teachers: their averaged logits, sharpened and then smoothed.

TIPS, arXiv 2603.16985. A re-implementation from the description: the equation and the defaults are ours.
Evidence: described.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses._checks import check_positive, check_range


def committee_target(teachers: Tensor, *, temperature: float = 0.5, smoothing: float = 0.1) -> Tensor:
    """(1 - smoothing) softmax(mean of the teachers' logits / T) + smoothing / C.

    The order matters: first the logits are averaged, then a temperature below 1 sharpens, and smoothing comes last, so
    that no class ever gets less than smoothing / C. Smoothing before sharpening would leave the target sharp.

    Train with `torch.nn.functional.cross_entropy(student, target)`, or with `soft_label_loss(student, target.log())`
    where a mask is needed. A constant added to all logits of one teacher's item changes nothing; a teacher with
    larger logits has more say.

    Args:
        teachers: [K, B, C] or [K, B, N, C] logits of K teachers; get no gradient.
        temperature: T > 0; the source has some value below 1.
        smoothing: in [0, 1]; 1 gives the uniform distribution.

    Returns:
        [B, C] or [B, N, C] probabilities; float32, or float64 for float64 logits.

    Raises:
        ValueError: a shape that does not fit, no teacher, a hyperparameter out of range.
    """
    if teachers.ndim not in (3, 4) or not len(teachers):
        raise ValueError(f"expected logits [K, B, C] or [K, B, N, C] of K > 0 teachers, found {list(teachers.shape)}")
    check_positive("temperature", temperature)
    check_range("smoothing", smoothing, 0, 1)
    logits = teachers.detach().to(torch.promote_types(teachers.dtype, torch.float32))
    sharp = F.softmax(logits.mean(0) / temperature, dim=-1)
    return (1 - smoothing) * sharp + smoothing / sharp.shape[-1]
