"""Masked maps: what the foreground does, the two forms, CRKD's variant."""

import pytest
import torch

from xmodal.losses import hint_loss, mask_scaling_loss, masked_map_loss


def _maps() -> torch.Tensor:
    return torch.randn(2, 3, 4, 5, 6, dtype=torch.float64)


def test_everywhere_foreground_gives_the_plain_mean() -> None:
    student, teacher = _maps()
    for foreground in (torch.ones(3, 5, 6), torch.ones(3, 5, 6, dtype=torch.bool)):
        plain = hint_loss(student, teacher)
        torch.testing.assert_close(masked_map_loss(student, teacher, foreground), plain)
        torch.testing.assert_close(masked_map_loss(student, teacher, foreground, form="released"), 4 * plain)
        torch.testing.assert_close(mask_scaling_loss(student, teacher, foreground), plain / 2)
        torch.testing.assert_close(mask_scaling_loss(student, teacher, foreground, form="released"), plain / 6)


@pytest.mark.parametrize("loss", [masked_map_loss, mask_scaling_loss])
def test_a_scaled_foreground_changes_nothing_and_the_background_has_no_influence(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher = _maps()
    foreground = torch.rand(3, 5, 6) * (torch.arange(6) < 4)
    value = loss(student, teacher, foreground)
    torch.testing.assert_close(loss(student, teacher, 7 * foreground), value)
    student[..., 4:], teacher[..., 5] = torch.nan, torch.nan
    student.requires_grad_()
    again = loss(student, teacher, foreground)
    torch.testing.assert_close(again, value)
    (grad,) = torch.autograd.grad(again, student)
    assert not grad[..., 4:].any()


@pytest.mark.parametrize("loss", [masked_map_loss, mask_scaling_loss])
def test_without_foreground_the_loss_is_zero(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher = _maps()
    assert loss(student, teacher, torch.zeros(3, 5, 6)) == 0


def test_a_foreground_broadcasts_over_channels_for_any_batch() -> None:
    student, teacher = torch.randn(2, 3, 3, 5, 6, dtype=torch.float64)  # as many samples as channels
    foreground = torch.rand(3, 5, 6, dtype=torch.float64)
    terms = [masked_map_loss(student[i : i + 1], teacher[i : i + 1], foreground[i : i + 1]) for i in range(3)]
    shares = foreground.sum((1, 2)) / foreground.sum()
    torch.testing.assert_close(masked_map_loss(student, teacher, foreground), (torch.stack(terms) * shares).sum())


def test_mask_scaling_leaves_out_cells_in_which_the_teacher_is_silent() -> None:
    student, teacher = _maps()
    teacher[:, :, :2] = 0
    teacher[:, 0] = 0  # one channel alone is no silence
    everywhere = torch.ones(3, 5, 6)
    rest = masked_map_loss(student, teacher, everywhere * (torch.arange(5) >= 2)[:, None])
    torch.testing.assert_close(mask_scaling_loss(student, teacher, everywhere), rest / 2)


def test_what_does_not_fit_is_named() -> None:
    student, teacher = _maps()
    with pytest.raises(ValueError, match=r"^expected foreground \[3, 5, 6\], found \[3, 1, 5, 6\]$"):
        masked_map_loss(student, teacher, torch.ones(3, 1, 5, 6))
    with pytest.raises(ValueError, match=r"^unknown form 'sum'; known: \"mean\", \"released\"$"):
        masked_map_loss(student, teacher, torch.ones(3, 5, 6), form="sum")  # type: ignore[arg-type]
