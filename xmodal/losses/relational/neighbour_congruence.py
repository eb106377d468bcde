"""Two samples next to each other in the batch do not both miss the teacher in the same coordinate.

What RepDistiller runs as CC, for Peng et al.: Correlation Congruence for Knowledge Distillation, ICCV 2019,
arXiv 1904.01802; not the kernel of the paper. Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._precision import lift_pair
from xmodal.losses.relational._rows import kept


def neighbour_congruence_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """The sum over coordinates of |s_b - t_b| |s_b+1 - t_b+1|, mean over the B - 1 neighbours of the batch.

    Zero when of every two neighbours one or the other equals its teacher in each coordinate. It depends on the
    order of the batch. There is no value per sample. The source's weight is 0.02, on Linear embeddings of width 128
    of both networks.

    Args:
        student: [B, D] embeddings; not normalised here.
        teacher: same shape; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows, so the next that counts is the
            neighbour.

    Returns:
        A scalar, 0 for fewer than two rows; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(kept(student, mask), kept(teacher, mask))
    miss = (student - teacher).abs()
    return (miss[:-1] * miss[1:]).sum() / max(1, len(miss) - 1)


class NeighbourCongruenceLoss(nn.Module):
    """`neighbour_congruence_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return neighbour_congruence_loss(student, teacher, mask=mask)
