"""The student's features have the spectrum of the teacher's along one dimension, such as the patches in time.

DLink, arXiv 2604.15016, names magnitude and phase spectra and publishes no equation: a re-implementation from the
description, whose equations are ours. Evidence: described.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_at_least_zero, check_mask, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import SHORTEST

ANY_FROM_TWO = range(2, sys.maxsize)
FAINT = 1e-3
"""Of the mean amplitude of a sample: below it a phase is noise, and its gradient would have no bound."""


def spectral_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    dim: int,
    magnitude_weight: float = 1.0,
    phase_weight: float = 1.0,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """Mean ||S| - |T|| over frequencies and the other dimensions, and the mean of 1 - cos(phase difference) by |T|.

    S and T are the orthonormal discrete Fourier transforms of student and teacher along `dim`, all frequencies of
    both signs. Zero only for equal features as long as both weights are above zero. Moving both circularly along
    `dim` by the same amount changes nothing; moving one changes the phases alone.

    Phases are compared as ½ |u(S) - u(T)|², u(S) = S / max(|S|, FAINT of the sample's mean |S|): that is 1 - cos
    wherever neither amplitude is faint, and harmless where one is zero.

    Args:
        student: [B, ..., D] features with the token grid unfolded, such as [B, channels, patches, D].
        teacher: same shape; gets no gradient.
        dim: the dimension to transform: not 0, which is the batch; -2 for the patches of the example.
        magnitude_weight: >= 0; this part is in the unit of the features.
        phase_weight: >= 0; this part is a mean weighted by |T|, between 0 and 2.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a `dim` that is no such dimension, a negative weight, an unknown
            reduction.
    """
    check_same_shape(student, teacher, expected="[B, ..., D]", dims=ANY_FROM_TWO)
    check_mask(mask, student.shape[:1])
    check_at_least_zero("magnitude_weight", magnitude_weight)
    check_at_least_zero("phase_weight", phase_weight)
    if not (-student.ndim < dim < student.ndim and dim != 0):
        raise ValueError(f"expected dim to be a dimension of {list(student.shape)} other than the batch, found {dim}")
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    with without_autocast(student):
        ours, theirs = _spectrum(student, dim), _spectrum(teacher, dim)  # [B, K, 2]
    our_size, their_size = torch.linalg.vector_norm(ours, dim=-1), torch.linalg.vector_norm(theirs, dim=-1)  # [B, K]
    magnitude = (our_size - their_size).abs().mean(-1)
    difference = (_phase(ours, our_size) - _phase(theirs, their_size)).square().sum(-1) / 2
    phase = (difference * their_size).sum(-1) / their_size.sum(-1).clamp_min(SHORTEST)
    return reduce_items(magnitude_weight * magnitude + phase_weight * phase, mask, reduction)


def _spectrum(x: Tensor, dim: int) -> Tensor:
    """[B, ...] -> [B, K, 2]: real and imaginary parts of all frequencies of everything in a sample."""
    return torch.view_as_real(torch.fft.fft(x, dim=dim, norm="ortho")).flatten(1, -2)


def _phase(spectrum: Tensor, size: Tensor) -> Tensor:
    """[B, K, 2] unit vectors, shorter where the amplitude is faint; zero, without gradient, where it is zero."""
    faint = FAINT * size.detach().mean(-1, keepdim=True)
    present = size > SHORTEST
    return torch.where(present.unsqueeze(-1), spectrum / size.clamp_min(SHORTEST).maximum(faint).unsqueeze(-1), 0)


class SpectralLoss(nn.Module):
    """`spectral_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        dim: int,
        magnitude_weight: float = 1.0,
        phase_weight: float = 1.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.dim = dim
        self.magnitude_weight = magnitude_weight
        self.phase_weight = phase_weight
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return spectral_loss(
            student,
            teacher,
            dim=self.dim,
            magnitude_weight=self.magnitude_weight,
            phase_weight=self.phase_weight,
            reduction=self.reduction,
            mask=mask,
        )
