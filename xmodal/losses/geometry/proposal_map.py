"""The student's map approaches the teacher's at objects, and where the student sees objects that are none.

The proposal-based distillation of RadarDistill (CVPR 2024). Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_items
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair


def proposal_map_loss(
    student: Tensor,
    teacher: Tensor,
    student_heatmap: Tensor,
    label_heatmap: Tensor,
    *,
    threshold: float = 0.1,
    object_weight: float = 5.0,
    false_weight: float = 1.0,
    mask: Tensor | None = None,
) -> Tensor:
    """L1 between the softmaxes over channels: object_weight times its mean over TP and FN cells, plus FP cells' mean.

    A cell holds an object when the largest class of `label_heatmap` exceeds the threshold, and is claimed by the
    student when that of `student_heatmap` does. TP and FN together: objects, claimed or not; FP: claimed where the
    labels stay below the threshold, with false_weight. Cells are counted over the whole batch, channels are summed;
    a kind of cell that does not occur adds 0. Zero when the maps differ by one number a cell; blind to background.
    The source averages two maps and weighs with 25.

    Args:
        student: [B, C, H, W].
        teacher: same shape; gets no gradient.
        student_heatmap: [B, H, W] or [B, K, H, W] probabilities of objects, K classes; gets no gradient.
        label_heatmap: [B, H, W] or [B, K, H, W] in [0, 1], drawn from the labelled boxes.
        threshold: of both heat maps; a value equal to it is neither above nor below.
        object_weight: of TP and FN.
        false_weight: of FP.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_map_pair(student, teacher, mask)
    claimed = _largest("student_heatmap", student_heatmap, student)  # [B, H, W]
    labelled = _largest("label_heatmap", label_heatmap, student)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    counted = torch.ones_like(labelled, dtype=torch.bool)
    counted = counted if mask is None else counted & mask[:, None, None]
    objects = (counted & (labelled > threshold) & (claimed != threshold)).to(student.dtype)
    false = (counted & (labelled < threshold) & (claimed > threshold)).to(student.dtype)
    weight = object_weight * objects / objects.sum().clamp_min(1) + false_weight * false / false.sum().clamp_min(1)
    difference = (student.softmax(1) - teacher.softmax(1)).abs().sum(1)  # [B, H, W]
    return (difference * weight).sum()


def _largest(name: str, heatmap: Tensor, student: Tensor) -> Tensor:
    """[B, H, W] or [B, K, H, W] -> [B, H, W], the largest class."""
    classes = heatmap.shape[1:2] if heatmap.ndim == 4 else ()
    check_items(name, heatmap, torch.Size((len(student), *classes, *student.shape[2:])))
    return heatmap.detach().amax(1) if heatmap.ndim == 4 else heatmap.detach()


class ProposalMapLoss(nn.Module):
    """`proposal_map_loss` with its hyperparameters stored."""

    def __init__(self, *, threshold: float = 0.1, object_weight: float = 5.0, false_weight: float = 1.0) -> None:
        super().__init__()
        self.threshold, self.object_weight, self.false_weight = threshold, object_weight, false_weight

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        student_heatmap: Tensor,
        label_heatmap: Tensor,
        *,
        mask: Tensor | None = None,
    ) -> Tensor:
        return proposal_map_loss(
            student,
            teacher,
            student_heatmap,
            label_heatmap,
            threshold=self.threshold,
            object_weight=self.object_weight,
            false_weight=self.false_weight,
            mask=mask,
        )
