"""Points take over the direction of the image features that they fall on.

Puy et al.: Three Pillars improving Vision Foundation Model Distillation for Lidar (ScaLR), CVPR 2024 (code
valeoai/ScaLR). Evidence: exact (loss); the weights of pairs are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_items, check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses._vectors import unit


def scalr_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """|s / |s| - t / |t|| of each pair, the distance and not its square, in [0, 2]; mean over pairs.

    Zero when each student vector is a positive multiple of the teacher's. The gradient keeps its size as the
    distance shrinks; at equality, where the distance has none, it is 0. A zero vector lies at distance 1 from all
    unit vectors and gets no gradient.

    Args:
        student: [M, D] features of points, one row a pair; or [B, N, D].
        teacher: same shape: the features of the pixels they fall on; gets no gradient.
        weight: [M] or [B, N], >= 0: a pair of weight 2 counts as two pairs; None weighs all alike.
        reduction: "mean" over all pairs that count, by weight; "none" for the shape of the weights, zero where
            masked: the distance times weight / (mean weight of the pairs that count).
        mask: bool over leading dimensions, True for what counts; masking equals removing the pairs.

    Returns:
        A scalar, or [M] or [B, N]; 0 where no pair counts; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, weight or mask that do not fit, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D] or [B, N, D]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    # torch gives the distance of equal vectors the gradient 0.
    items = torch.linalg.vector_norm(unit(student) - unit(teacher), dim=-1)  # [M] or [B, N]
    if weight is not None:
        check_items("weight", weight, items.shape)
        weight = blank(weight.detach().to(items.dtype), mask)
        mean_weight = reduce_items(weight, mask, "mean")
        items = items * torch.where(mean_weight > 0, weight / mean_weight, 0)
    return reduce_items(items, mask, reduction)


class ScaLRLoss(nn.Module):
    """`scalr_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(
        self, student: Tensor, teacher: Tensor, *, weight: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        return scalr_loss(student, teacher, weight=weight, reduction=self.reduction, mask=mask)
