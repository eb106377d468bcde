"""The student's embeddings are distributed as the teacher's are, sample by sample or not.

Squared maximum mean discrepancy of Gretton et al.: A Kernel Two-Sample Test, JMLR 2012, with several Gaussian kernels,
as a re-implementation from the description of PRIDE, arXiv 2606.23124: which kernels is ours. Evidence: described.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import counted_rows
from xmodal.losses._precision import lift_pair, without_autocast

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
LEAST = 1e-12


def mmd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    scales: tuple[float, ...] = SCALES,
    bandwidth: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """E k(s, s') + E k(t, t') - 2 E k(s, t), the means over all pairs of rows, a row with itself included.

    k(a, b) is the mean over scales of exp(-|a - b|^2 / (scale * bandwidth)). Zero when the two sets of rows are
    equal, in any order: it says nothing of which row belongs to which. Turning or moving both sets changes nothing,
    scaling both neither where the bandwidth is the median. There is no value per sample.

    Args:
        student: [B, D] embeddings, projected to the teacher's width.
        teacher: same shape; gets no gradient.
        scales: > 0: factors of the bandwidth.
        bandwidth: > 0, in squared units of the embeddings; None for the median squared distance between different
            rows of both sets (the lower one of an even number), through which no gradient flows.
        mask: [B] bool, True for what counts; masking equals removing the rows.

    Returns:
        A scalar in [0, 2]; float32, or float64 for float64 inputs. Memory grows as B * B.

    Raises:
        ValueError: shapes or mask that do not fit, a scale or bandwidth <= 0.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_mask(mask, student.shape[:1])
    for scale in scales:
        check_positive("scale", scale)
    if bandwidth is not None:
        check_positive("bandwidth", bandwidth)
    student, teacher = lift_pair(counted_rows(student, mask), counted_rows(teacher, mask))
    if not len(student):
        return 0 * student.sum()
    with without_autocast(student):
        squared = _squared_distances(torch.cat([student, teacher]))  # [2 B, 2 B]
    width = _median(squared.detach()) if bandwidth is None else bandwidth
    kernel = torch.stack([torch.exp(-squared / (scale * width)) for scale in scales]).mean(0)  # [2 B, 2 B]
    n = len(student)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def _squared_distances(x: Tensor) -> Tensor:
    """[N, D] -> [N, N]"""
    # Distances do not see a common offset, but the products below would lose their digits to it.
    x = x - x.detach().mean(0)
    squares = x.square().sum(-1)
    return (squares.unsqueeze(0) + squares.unsqueeze(1) - 2 * x @ x.T).clamp_min(0)


def _median(squared: Tensor) -> Tensor:
    """The median over pairs of different rows."""
    first, second = torch.triu_indices(len(squared), len(squared), offset=1, device=squared.device)
    return squared[first, second].median().clamp_min(LEAST)


class MMDLoss(nn.Module):
    """`mmd_loss` with its hyperparameters stored."""

    def __init__(self, *, scales: tuple[float, ...] = SCALES, bandwidth: float | None = None) -> None:
        super().__init__()
        self.scales = scales
        self.bandwidth = bandwidth

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return mmd_loss(student, teacher, scales=self.scales, bandwidth=self.bandwidth, mask=mask)
