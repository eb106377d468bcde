"""The points of each superpixel find the pixels of their own superpixel among those of all.

SLidR (CVPR 2022). Contrasting all pairs of one point and one pixel instead (PPKT, arXiv 2104.04687) is
`info_nce_loss` of the paired features at temperature 0.07. Seal (NeurIPS 2023) takes superpixels of a foundation
model; between segments tracked over two sweeps the same loss may serve as its temporal term (ours: a
re-implementation from the description, as that term was not published in a form we could read).
Evidence: exact (SLidR); described (Seal).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair, without_autocast

GUARD = 1e-6
"""What the source adds to the number of members of a superpixel before it divides by it."""


def superpixel_contrast_loss(
    student: Tensor,
    teacher: Tensor,
    student_segments: Tensor,
    teacher_segments: Tensor,
    *,
    temperature: float = 0.07,
    mask: Tensor | None = None,
) -> Tensor:
    """Mean over superpixels s of -log softmax(k_s . q / temperature)_s, k and q the means of points and of pixels.

    Only superpixels that both sides have enter; those of all samples are each other's negatives. The sources pass
    unit vectors; their means are not unit vectors and are not made so. log of the number of superpixels when nothing
    can be told apart. There is no value per sample.

    Args:
        student: [B, N, D] features of points.
        teacher: [B, P, D] features of pixels; gets no gradient.
        student_segments: [B, N] integers, the superpixel of each point; below 0 for points in none. Numbers are
            compared within a sample only; with several cameras, number on.
        teacher_segments: [B, P] integers, the superpixel of each pixel; below 0 for pixels in none.
        temperature: > 0.
        mask: [B] bool, True for what counts; masking equals removing the samples.

    Returns:
        A scalar, 0 without shared superpixels; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a temperature <= 0.
    """
    _check(student, teacher, student_segments, teacher_segments)
    check_mask(mask, student.shape[:1])
    check_positive("temperature", temperature)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    most = max(int(s.max()) + 1 if s.numel() else 0 for s in (student_segments, teacher_segments))
    ours, theirs = (_numbers(s, most, mask) for s in (student_segments, teacher_segments))
    shared = torch.unique(ours)
    shared = shared[(shared >= 0) & torch.isin(shared, theirs)]  # [S]
    points, pixels = _means(student, ours, shared), _means(teacher, theirs, shared)
    with without_autocast(points):
        logits = points @ pixels.T / temperature  # [S, S]
    own = torch.arange(len(shared), device=logits.device)
    return F.cross_entropy(logits, own, reduction="sum") / max(len(shared), 1)


def _numbers(segments: Tensor, most: int, mask: Tensor | None) -> Tensor:
    """[B, N] numbers that hold for the whole batch, -1 for what takes no part."""
    samples = torch.arange(len(segments), device=segments.device)[:, None]
    takes_part = segments >= 0 if mask is None else (segments >= 0) & mask[:, None]
    return torch.where(takes_part, samples * most + segments, -1)


def _means(x: Tensor, numbers: Tensor, shared: Tensor) -> Tensor:
    """[B, N, D] and [B, N] -> [S, D], the mean of each shared superpixel."""
    member = torch.isin(numbers, shared)
    row = torch.searchsorted(shared, numbers[member])
    sums = x.new_zeros(len(shared), x.shape[-1]).index_add(0, row, x[member])
    return sums / (torch.bincount(row, minlength=len(shared))[:, None].to(x.dtype) + GUARD)


def _check(student: Tensor, teacher: Tensor, student_segments: Tensor, teacher_segments: Tensor) -> None:
    s, t = student.shape, teacher.shape
    fits = len(s) == 3 and len(t) == 3 and s[0] == t[0] and s[2] == t[2]
    if not fits or student_segments.shape != s[:2] or teacher_segments.shape != t[:2]:
        raise ValueError(
            "expected student [B, N, D], teacher [B, P, D] and their segments [B, N] and [B, P], "
            f"found student {list(s)} and teacher {list(t)}, "
            f"segments {list(student_segments.shape)} and {list(teacher_segments.shape)}"
        )


class SuperpixelContrastLoss(nn.Module):
    """`superpixel_contrast_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: float = 0.07) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        student_segments: Tensor,
        teacher_segments: Tensor,
        *,
        mask: Tensor | None = None,
    ) -> Tensor:
        return superpixel_contrast_loss(
            student, teacher, student_segments, teacher_segments, temperature=self.temperature, mask=mask
        )
