"""Spectra: shifts, scales, and amplitudes of zero."""

import pytest
import torch

from xmodal.losses import spectral_loss


def _pair(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return student, teacher


def test_moving_both_along_the_dimension_changes_nothing() -> None:
    student, teacher = _pair(4, 2, 7, 3)
    moved = spectral_loss(student.roll(2, dims=2), teacher.roll(2, dims=2), dim=2)
    torch.testing.assert_close(moved, spectral_loss(student, teacher, dim=2))


def test_moving_one_changes_the_phases_alone() -> None:
    _, teacher = _pair(4, 7, 3)
    student = teacher.roll(1, dims=1)
    assert spectral_loss(student, teacher, dim=1, phase_weight=0) < 1e-12
    assert spectral_loss(student, teacher, dim=1, magnitude_weight=0) > 0.3


def test_making_the_student_louder_changes_the_magnitudes_alone() -> None:
    _, teacher = _pair(4, 7, 3)
    assert spectral_loss(3 * teacher, teacher, dim=1, phase_weight=0) > 0.3
    assert spectral_loss(3 * teacher, teacher, dim=1, magnitude_weight=0) < 1e-12


def test_the_opposite_sign_has_the_opposite_phase_everywhere() -> None:
    _, teacher = _pair(4, 7, 3)
    phase = spectral_loss(-teacher, teacher, dim=1, magnitude_weight=0)
    torch.testing.assert_close(phase, torch.tensor(2.0, dtype=torch.float64), rtol=1e-3, atol=0)


def test_a_wave_alone_is_one_pair_of_frequencies() -> None:
    time = torch.arange(8) / 8
    cosine, sine = (wave(2 * torch.pi * time).reshape(1, 8, 1) for wave in (torch.cos, torch.sin))
    # The amplitude of both is half sqrt(8) at two of the eight frequencies, and the phases are a quarter turn apart.
    assert spectral_loss(sine, torch.zeros_like(sine), dim=1).item() == pytest.approx(2 * 8**0.5 / 2 / 8)
    assert spectral_loss(sine, cosine, dim=1).item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("faint", [0.0, 1e-9])
def test_frequencies_without_amplitude_have_bounded_gradients(faint: float) -> None:
    time = torch.arange(8) / 8
    wave = torch.cos(2 * torch.pi * time).reshape(1, 8, 1)
    student = (wave + faint * torch.randn(1, 8, 1)).requires_grad_()
    loss = spectral_loss(student, torch.randn(1, 8, 1), dim=1)
    loss.backward()
    assert loss.isfinite()
    assert student.grad is not None
    assert student.grad.abs().max() < 1000


@pytest.mark.parametrize("dim", [0, 3, -3, -4])
def test_a_dimension_that_is_the_batch_or_none_is_refused(dim: int) -> None:
    found = rf"^expected dim to be a dimension of \[2, 3, 4\] other than the batch, found {dim}$"
    with pytest.raises(ValueError, match=found):
        spectral_loss(*_pair(2, 3, 4), dim=dim)
