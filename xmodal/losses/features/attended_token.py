"""The student regresses the tokens that the teacher attends to most.

Align-KD, CVPR 2025 (code fqhank/Align-KD), its loss of visual tokens. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_items, check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair


def attended_token_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    attention: Tensor,
    k: int = 16,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean squared difference over the k tokens of each sample that receive the most attention.

    Zero when those tokens are equal, whatever the others are. The source takes the attention of the teacher's first
    language layer from text to image tokens, mean over heads and sum over text tokens, and adds the same
    difference over all tokens (`hint_loss`); one released version weighs the attended ones by 0.1 and has k = 32. It
    projects the teacher to the student's width with a trained layer; here the widths are equal, and what is trained
    belongs to the student.

    Args:
        student: [B, N, D] tokens.
        teacher: same shape; gets no gradient.
        attention: [B, N]: how much each token receives; only the order counts, and it gets no gradient.
        k: >= 1 tokens a sample; all of them where fewer count.
        reduction: "mean" over samples that have a token that counts; "none" for [B], zero elsewhere.
        mask: [B] or [B, N] bool, True for what counts; masked tokens are never chosen.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs; in squared units of the features.

    Raises:
        ValueError: shapes, attention or mask that do not fit, k < 1, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, N, D]", dims=range(3, 4))
    check_mask(mask, student.shape[:2])
    check_items("attention", attention, student.shape[:2])
    check_positive("k", k)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    counts = torch.ones_like(attention, dtype=torch.bool)
    if mask is not None:
        counts &= mask if mask.ndim == 2 else mask.unsqueeze(1)
    order = attention.detach().masked_fill(~counts, -torch.inf)
    top = order.topk(min(k, order.shape[1]), dim=1).indices  # [B, k]
    chosen = counts.gather(1, top)
    differences = F.mse_loss(student, teacher, reduction="none").mean(-1).gather(1, top)
    items = blank(differences, chosen).sum(1) / chosen.sum(1).clamp_min(1)  # [B]
    return reduce_items(items, chosen.any(1), reduction)


class AttendedTokenLoss(nn.Module):
    """`attended_token_loss` with its hyperparameters stored."""

    def __init__(self, *, k: int = 16, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.k = k
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, attention: Tensor, mask: Tensor | None = None) -> Tensor:
        return attended_token_loss(student, teacher, attention=attention, k=self.k, reduction=self.reduction, mask=mask)
