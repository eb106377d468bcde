"""Each student embedding finds its partner among those of the batch, in one direction.

InfoNCE of van den Oord et al., arXiv 1807.03748, as F2LLM-v2, arXiv 2603.19223, trains its queries and passages (code
codefuse-ai/CodeFuse-Embeddings). Evidence: exact.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit

Trained = Literal["student", "both"]


def info_nce_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 0.05,
    trained: Trained = "student",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of row i of cos(student, teacher) / temperature for class i.

    Near zero when each pair is far closer than all others, log B when nothing can be told apart. `contrastive_loss`
    adds the other direction. The lengths of the vectors do not matter.

    Args:
        student: [B, D] embeddings, such as those of queries.
        teacher: same shape: row i belongs to row i, the others are its negatives.
        temperature: > 0; the smaller, the more the closest negatives count.
        trained: "student" gives the teacher no gradient; "both" does, for two embeddings of one model as in the source.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing, so masked rows are no negatives either.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a temperature <= 0, an unknown `trained` or reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_mask(mask, student.shape[:1])
    check_positive("temperature", temperature)
    student, teacher = lift_towers(blank(student, mask), blank(teacher, mask), trained)
    with without_autocast(student):
        logits = unit(student) @ unit(teacher).T / temperature  # [B, B]
    own = torch.arange(len(logits), device=logits.device)
    if mask is not None:
        # A masked row keeps its own column: its loss is dropped later, and must be finite until then.
        logits = logits.masked_fill(~mask & (own != own.unsqueeze(1)), -torch.inf)
    return reduce_items(F.cross_entropy(logits, own, reduction="none"), mask, reduction)


def lift_towers(student: Tensor, teacher: Tensor, trained: Trained) -> tuple[Tensor, Tensor]:
    """`lift_pair`, the teacher with its gradient where both are trained.

    Raises:
        ValueError: for another `trained`.
    """
    check_known("trained", trained, ("student", "both"))
    lifted, constant = lift_pair(student, teacher)
    return lifted, teacher.to(lifted.dtype) if trained == "both" else constant


class InfoNCELoss(nn.Module):
    """`info_nce_loss` with its hyperparameters stored."""

    def __init__(
        self, *, temperature: float = 0.05, trained: Trained = "student", reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.trained: Trained = trained
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return info_nce_loss(
            student,
            teacher,
            temperature=self.temperature,
            trained=self.trained,
            reduction=self.reduction,
            mask=mask,
        )
