"""Labelled points are classified so that the intersection over union of each class grows.

Berman et al.: The Lovász-Softmax loss, CVPR 2018, arXiv 1705.08790, the second part of the segmentation loss of
2DPASS (ECCV 2022) beside the cross-entropy. Supervised: there is no teacher. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_labels, check_mask
from xmodal.losses._items import blank


def lovasz_loss(
    student: Tensor,
    labels: Tensor,
    *,
    ignore_label: int | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Mean over the classes present of the Lovász extension of 1 - IoU, at the errors |[label = c] - p_c|.

    All items of the batch form one set, and there is no value per item. 0 when each item has its label with
    certainty, 1 when it has no share of it. The order of items does not matter.

    Args:
        student: [B, C] or [B, N, C] logits.
        labels: [B] or [B, N] integers in [0, C); anything where masked.
        ignore_label: items with this label, in [0, C) or not, are left out; 0 in 2DPASS.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar in [0, 1], 0 without items; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, labels or mask that do not fit.
    """
    if student.ndim not in (2, 3):
        raise ValueError(f"expected student [B, C] or [B, N, C], found student {list(student.shape)}")
    check_mask(mask, student.shape[:-1])
    keep = torch.ones_like(labels, dtype=torch.bool) if ignore_label is None else labels != ignore_label
    check_labels(torch.where(keep, labels, 0), student.shape[:-1], classes=student.shape[-1], mask=mask)
    keep = blank(keep, mask).bool()
    labels = labels[keep]
    p = student[keep].to(torch.promote_types(student.dtype, torch.float32)).softmax(-1)  # [M, C]
    present = torch.unique(labels)
    own = labels[:, None] == present  # [M, K]
    errors, order = (own.to(p.dtype) - p[:, present]).abs().sort(0, descending=True)
    loss: Tensor = (errors * _steps(own.gather(0, order).to(p.dtype))).sum() / max(len(present), 1)
    return loss


def _steps(own: Tensor) -> Tensor:
    """[M, K] of 0 and 1, the worst error first -> how much 1 - IoU of a class grows with each further wrong item."""
    total = own.sum(0)
    jaccard = 1 - (total - own.cumsum(0)) / (total + (1 - own).cumsum(0))
    return torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])


class LovaszLoss(nn.Module):
    """`lovasz_loss` with its hyperparameters stored."""

    def __init__(self, *, ignore_label: int | None = None) -> None:
        super().__init__()
        self.ignore_label = ignore_label

    def forward(self, student: Tensor, labels: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return lovasz_loss(student, labels, ignore_label=self.ignore_label, mask=mask)
