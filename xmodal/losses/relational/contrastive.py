"""Each student embedding finds its own teacher embedding among those of the batch, and the other way round.

InfoNCE of van den Oord et al.: Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, in the
symmetric form of CLIP, arXiv 2103.00020. Evidence: ancestor.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit


def contrastive_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 0.07,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Half the cross-entropy of row i of cos(student, teacher) / temperature for class i, half that of column i.

    Row i of both embeds the same scene; the other rows are negatives. Near zero when each pair is far closer than
    all others, log B when nothing can be told apart. The teacher learns nothing here; where two models should both
    learn, add the loss with the arguments exchanged.

    Args:
        student: [B, D] embeddings; made unit vectors here.
        teacher: same shape; gets no gradient.
        temperature: > 0; the smaller, the more the closest negatives count.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing, so masked rows are no negatives either.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a temperature <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_mask(mask, student.shape[:1])
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    with without_autocast(student):
        logits = unit(student) @ unit(teacher).T / temperature  # [B, B]
    own = torch.arange(len(logits), device=logits.device)
    to_teacher = F.cross_entropy(_candidates(logits, mask), own, reduction="none")  # [B]
    to_student = F.cross_entropy(_candidates(logits.T, mask), own, reduction="none")
    return reduce_items((to_teacher + to_student) / 2, mask, reduction)


def _candidates(logits: Tensor, mask: Tensor | None) -> Tensor:
    """[B, B] logits without the masked columns."""
    if mask is None:
        return logits
    # A masked row keeps its own column: its loss is dropped later, and must be finite until then.
    candidate = mask.unsqueeze(0) | torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    return logits.masked_fill(~candidate, -torch.inf)


class ContrastiveLoss(nn.Module):
    """`contrastive_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 0.07, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return contrastive_loss(student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask)
