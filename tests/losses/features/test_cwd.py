"""CWD: a distribution over places for each channel."""

import torch

from xmodal.losses import cwd_loss, kd_loss


def test_it_is_kd_with_places_for_classes() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    places = kd_loss(student.flatten(2), teacher.flatten(2), temperature=2.0)
    torch.testing.assert_close(cwd_loss(student, teacher, temperature=2.0), places)


def test_a_constant_added_to_a_channel_of_a_sample_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    shifted = cwd_loss(student + torch.randn(4, 3, 1, 1), teacher + torch.randn(4, 3, 1, 1))
    torch.testing.assert_close(shifted, cwd_loss(student, teacher))


def test_at_high_temperature_it_is_the_variance_of_the_difference_over_places() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    limit = (student - teacher).flatten(2).var(-1, correction=0).mean() / 2
    torch.testing.assert_close(cwd_loss(student, teacher, temperature=1e4), limit, rtol=1e-3, atol=0)
