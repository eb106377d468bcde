"""A yes-or-no question with margin: sure answers count little, and the classes' mean logits are kept apart.

The class loss of Chiumento et al.: PET-guided MRI amyloid detection, arXiv 2604.12574. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_at_least_zero, check_labels, check_mask, check_positive
from xmodal.losses._items import blank, reduce_items

LEAST = 1e-8  # the source's lower bound of a value that contains the separation
SEPARATION_SCALE = 0.1  # a constant in the source, beside the weight


def margin_focal_loss(
    student: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.3,
    gamma: float = 2.0,
    pos_weight: float = 1.0,
    separation_weight: float = 0.1,
    mask: Tensor | None = None,
) -> Tensor:
    """mean (1 - p)^gamma BCE(z') + 0.1 separation_weight relu(margin - (mean z of yes - mean z of no)).

    z' is the logit moved towards the wrong answer by the margin, p = its probability of the right one; (1 - p)^gamma
    has a gradient. The separation takes the logits as they are; it is left out, and with it the source's lower
    bound of 1e-8, where one of the classes is absent. Never zero for finite logits. There is no value per item.

    Args:
        student: [B] or [B, N] logits of "yes".
        labels: same shape, 0 or 1 or bool; anything where masked.
        margin: >= 0, in logits; the source raises it from 0.3 to 1.2 over the epochs. 0 for none.
        gamma: >= 0; 0 lets all answers count alike.
        pos_weight: > 0, factor of the cross-entropy where the label is 1.
        separation_weight: >= 0; the source takes 0.1, later 0.3; 0 for none.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, labels, mask or numbers that do not fit.
    """
    if student.ndim not in (1, 2):
        raise ValueError(f"expected student [B] or [B, N], found student {list(student.shape)}")
    check_mask(mask, student.shape)
    check_labels(labels, student.shape, classes=2, mask=mask)
    check_positive("pos_weight", pos_weight)
    for name, value in (("margin", margin), ("gamma", gamma), ("separation_weight", separation_weight)):
        check_at_least_zero(name, value)
    student = blank(student, mask).to(torch.promote_types(student.dtype, torch.float32))
    yes = blank(labels, mask).bool()
    right = torch.where(yes, student, -student) - margin  # the moved logit, its sign that of the right answer
    weight = torch.ones_like(student).masked_fill(yes, pos_weight)
    focal = reduce_items((-right).sigmoid() ** gamma * weight * F.softplus(-right), mask, "mean")
    if separation_weight == 0:
        return focal
    yes, no = blank(yes, mask).bool(), blank(~yes, mask).bool()
    gap = reduce_items(student, yes, "mean") - reduce_items(student, no, "mean")
    separated = focal + separation_weight * SEPARATION_SCALE * F.relu(margin - gap)
    return torch.where(yes.any() & no.any(), separated.clamp_min(LEAST), focal)


class MarginFocalLoss(nn.Module):
    """`margin_focal_loss` with its hyperparameters stored."""

    def __init__(
        self, *, margin: float = 0.3, gamma: float = 2.0, pos_weight: float = 1.0, separation_weight: float = 0.1
    ) -> None:
        super().__init__()
        self.margin = margin
        self.gamma = gamma
        self.pos_weight = pos_weight
        self.separation_weight = separation_weight

    def forward(self, student: Tensor, labels: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return margin_focal_loss(
            student,
            labels,
            margin=self.margin,
            gamma=self.gamma,
            pos_weight=self.pos_weight,
            separation_weight=self.separation_weight,
            mask=mask,
        )
