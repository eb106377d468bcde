"""EOPD: no outside numbers; its parts are the two KLs, and only the teacher's entropy opens the gate."""

import math

import pytest
import torch

from xmodal.losses import entropy_gated_loss, kd_loss, reverse_kl_loss

SURE, UNSURE = [6.0, 0.0, 0.0, 0.0], [1.0, 0.8, 0.9, 0.0]


def test_a_sure_teacher_gives_reverse_kl_and_an_unsure_one_both() -> None:
    student, teacher = torch.tensor([UNSURE, SURE]).double(), torch.tensor([SURE, UNSURE]).double()
    items = entropy_gated_loss(student, teacher, threshold=0.8, weight=0.5, reduction="none")
    reverse = reverse_kl_loss(student, teacher, reduction="none")
    forward = kd_loss(student, teacher, temperature=1.0, reduction="none")
    torch.testing.assert_close(items, reverse + 0.5 * torch.tensor([0.0, 1.0]) * forward)


def test_no_threshold_opens_every_gate_and_log_c_none() -> None:
    student, teacher = torch.randn(2, 5, 3, 6, dtype=torch.float64)
    reverse = reverse_kl_loss(student, teacher)
    forward = kd_loss(student, teacher, temperature=1.0)
    torch.testing.assert_close(entropy_gated_loss(student, teacher, threshold=0.0), reverse + forward)
    torch.testing.assert_close(entropy_gated_loss(student, teacher, threshold=math.log(6)), reverse)


def test_the_gate_is_read_at_the_temperature_of_the_loss() -> None:
    student, teacher = torch.tensor([UNSURE]).double(), torch.tensor([SURE]).double()
    assert entropy_gated_loss(student, teacher) == reverse_kl_loss(student, teacher)
    assert entropy_gated_loss(student, teacher, temperature=5.0) > reverse_kl_loss(student, teacher, temperature=5.0)


def test_a_constant_added_to_all_logits_of_a_token_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 3, 6, dtype=torch.float64)
    shifted = entropy_gated_loss(student + torch.randn(4, 3, 1), teacher + torch.randn(4, 3, 1), threshold=1.0)
    torch.testing.assert_close(shifted, entropy_gated_loss(student, teacher, threshold=1.0))


def test_a_threshold_below_zero_is_named() -> None:
    with pytest.raises(ValueError, match=r"^expected threshold in \[0, inf\], found -0.1$"):
        entropy_gated_loss(torch.zeros(1, 2), torch.zeros(1, 2), threshold=-0.1)
