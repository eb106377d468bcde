"""The student's box maps follow the teacher's, as much as the teacher sees an object there.

The regression part of the response term of CRKD (CVPR 2024). Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_items, check_positive
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair
from xmodal.losses.geometry._maps import check_map_pair, weights


def heatmap_box_loss(
    student: Tensor,
    teacher: Tensor,
    heatmap: Tensor,
    *,
    threshold: float = 0.1,
    beta: float = 1.0,
    mask: Tensor | None = None,
) -> Tensor:
    """Mean over the cells with heat above the threshold of heat times the smooth L1 distance, summed over channels.

    The heat of a cell is the sum of the teacher's probabilities over classes. Zero when the maps agree in those
    cells. There is no value per sample. The source's weight is 4, times that of `quality_focal_loss`. Where no cell
    is hot enough the loss is 0; the source's code lowers the threshold in steps of 0.01 until there is one.

    Args:
        student: [B, C, H, W], the regression maps side by side.
        teacher: same shape; gets no gradient.
        heatmap: [B, K, H, W], the teacher's probabilities of K classes (not logits); gets no gradient.
        threshold: of the heat.
        beta: > 0; differences below it count by their square.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a beta <= 0.
    """
    check_map_pair(student, teacher, mask)
    check_items("heatmap", heatmap, torch.Size((len(student), *heatmap.shape[1:2], *student.shape[2:])))
    check_positive("beta", beta)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    heat = weights(heatmap, student, mask).sum(1)  # [B, H, W]
    hot = (heat > threshold) if mask is None else (heat > threshold) & mask[:, None, None]
    distance = F.smooth_l1_loss(student, teacher, reduction="none", beta=beta).sum(1)
    return torch.where(hot, heat * distance, 0).sum() / hot.sum().clamp_min(1)


class HeatmapBoxLoss(nn.Module):
    """`heatmap_box_loss` with its hyperparameters stored."""

    def __init__(self, *, threshold: float = 0.1, beta: float = 1.0) -> None:
        super().__init__()
        self.threshold, self.beta = threshold, beta

    def forward(self, student: Tensor, teacher: Tensor, heatmap: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return heatmap_box_loss(student, teacher, heatmap, threshold=self.threshold, beta=self.beta, mask=mask)
