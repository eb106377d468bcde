"""Each student embedding finds its partner among candidates of its own that are hard to tell from it.

F2LLM-v2, arXiv 2603.19223 (code codefuse-ai/CodeFuse-Embeddings). Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.features.info_nce import Trained, lift_towers


def hard_negative_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    negatives: Tensor,
    temperature: float = 0.05,
    trained: Trained = "student",
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of cos(student, [teacher, negatives]) / temperature for the teacher.

    Near zero when the teacher's embedding is far closer than every negative, log(1 + M) when nothing can be told
    apart. Samples do not see each other, unlike in `info_nce_loss`; the source adds both. Lengths do not matter.

    Args:
        student: [B, D] embeddings, such as those of queries.
        teacher: same shape: the partner of each.
        negatives: [B, M, D]: M candidates of each sample that are no partners; 7 in the source, 9 for clustering.
        temperature: > 0; the smaller, the more the closest negative counts.
        trained: "student" gives teacher and negatives no gradient; "both" does, for embeddings of one model as in the
            source.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a temperature <= 0, an unknown `trained` or reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_mask(mask, student.shape[:1])
    if negatives.ndim != 3 or negatives.shape[::2] != student.shape:
        found = f"student {list(student.shape)} and negatives {list(negatives.shape)}"
        raise ValueError(f"expected student [B, D] and negatives [B, M, D], found {found}")
    check_positive("temperature", temperature)
    student, teacher = lift_towers(blank(student, mask), blank(teacher, mask), trained)
    others = blank(negatives if trained == "both" else negatives.detach(), mask).to(student.dtype)
    candidates = unit(torch.cat([teacher.unsqueeze(1), others], dim=1))  # [B, 1 + M, D]
    with without_autocast(student):
        logits = (candidates @ unit(student).unsqueeze(-1)).squeeze(-1) / temperature  # [B, 1 + M]
    partner = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    return reduce_items(F.cross_entropy(logits, partner, reduction="none"), mask, reduction)


class HardNegativeLoss(nn.Module):
    """`hard_negative_loss` with its hyperparameters stored."""

    def __init__(
        self, *, temperature: float = 0.05, trained: Trained = "student", reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.trained: Trained = trained
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, negatives: Tensor, mask: Tensor | None = None) -> Tensor:
        return hard_negative_loss(
            student,
            teacher,
            negatives=negatives,
            temperature=self.temperature,
            trained=self.trained,
            reduction=self.reduction,
            mask=mask,
        )
