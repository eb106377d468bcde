"""Inside each sample the student finds the same tokens similar as the teacher does.

Pair-wise distillation of Liu et al.: Structured Knowledge Distillation for Semantic Segmentation, CVPR 2019,
arXiv 1903.04197. Evidence: ancestor.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_positive
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import BLOCK_BYTES, by_rows


def pairwise_affinity_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """The squared difference of cos(token i, token j), mean over the N * N pairs of a sample, then over samples.

    Zero when the student's tokens are the teacher's, turned and each one scaled; the rotation may differ from sample
    to sample. Time grows as N^2: `pool_regions` makes fewer tokens, and the same number of both networks.

    Args:
        student: [B, N, Ds] tokens.
        teacher: [B, N, Dt] tokens; the widths may differ; gets no gradient.
        reduction: "mean" over samples with a token that counts; "none" for [B], zero for the others.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.
        chunk: samples whose N x N matrices are in memory at a time; None for as many as fit into 32 MiB, at least
            one. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as chunk * N * N.

    Raises:
        ValueError: shapes or mask that do not fit, a chunk <= 0, an unknown reduction.
    """
    if student.ndim != 3 or teacher.ndim != 3 or student.shape[:2] != teacher.shape[:2]:
        shapes = f"found student {list(student.shape)} and teacher {list(teacher.shape)}"
        raise ValueError(f"expected student [B, N, Ds] and teacher [B, N, Dt] with the same B and N, {shapes}")
    check_mask(mask, student.shape[:2])
    student, teacher = (unit(x) for x in lift_pair(blank(student, mask), blank(teacher, mask)))
    tokens = student.shape[1]
    if chunk is None:
        chunk = max(1, BLOCK_BYTES // max(1, tokens**2 * student.element_size()))
    check_positive("chunk", chunk)

    def block(student: Tensor, teacher: Tensor) -> Tensor:
        with without_autocast(student):
            difference = student @ student.transpose(1, 2) - teacher @ teacher.transpose(1, 2)  # [R, N, N]
        return difference.square().sum((1, 2))

    sums = by_rows(block, student, teacher, size=chunk)  # masked tokens are zero vectors and add nothing
    if mask is None or mask.ndim == 1:
        return reduce_items(sums / max(1, tokens) ** 2, mask, reduction)
    return reduce_items(sums / mask.sum(1).clamp_min(1).square(), mask.any(1), reduction)


class PairwiseAffinityLoss(nn.Module):
    """`pairwise_affinity_loss` with its hyperparameters stored."""

    def __init__(self, *, reduction: Reduction = "mean", chunk: int | None = None) -> None:
        super().__init__()
        self.reduction: Reduction = reduction
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return pairwise_affinity_loss(student, teacher, reduction=self.reduction, mask=mask, chunk=self.chunk)
