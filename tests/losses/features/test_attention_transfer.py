"""Attention transfer: what the attention map leaves out, its two forms, and maps of two sizes."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import attention_transfer_loss

forms = pytest.mark.parametrize("form", ["released", "paper"])


@forms
def test_scale_sign_and_order_of_channels_do_not_matter(form: str) -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    changed = attention_transfer_loss(-3 * student[:, [2, 0, 1]], 0.1 * teacher, form=form)
    torch.testing.assert_close(changed, attention_transfer_loss(student, teacher, form=form))


@forms
def test_one_channel_of_the_same_energy_is_a_match(form: str) -> None:
    teacher = torch.randn(4, 3, 5, 6, dtype=torch.float64)
    student = teacher.square().sum(1, keepdim=True).sqrt()
    assert attention_transfer_loss(student, teacher, form=form) < 1e-12


def test_attention_at_two_different_places_is_two_apart() -> None:
    student, teacher = torch.zeros(2, 1, 1, 2, 2, dtype=torch.float64)
    student[..., 0, 0], teacher[..., 1, 1] = 3, 5
    assert attention_transfer_loss(student, teacher).item() == pytest.approx(2 / 4)
    assert attention_transfer_loss(student, teacher, form="paper").item() == pytest.approx(2**0.5)


def test_the_released_form_is_the_square_of_the_papers_over_the_number_of_places() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
    length = attention_transfer_loss(student, teacher, form="paper", reduction="none")
    released = attention_transfer_loss(student, teacher, reduction="none")
    torch.testing.assert_close(released, length.square() / 30)


def test_the_larger_map_is_averaged_before_its_energy_is_taken() -> None:
    small, large = torch.randn(4, 3, 2, 3, dtype=torch.float64), torch.randn(4, 5, 4, 6, dtype=torch.float64)
    averaged = F.avg_pool2d(large, 2)
    torch.testing.assert_close(attention_transfer_loss(small, large), attention_transfer_loss(small, averaged))
    torch.testing.assert_close(attention_transfer_loss(large, small), attention_transfer_loss(averaged, small))


def test_equal_maps_have_a_finite_gradient_in_the_papers_form() -> None:
    student = torch.randn(4, 3, 5, 6, requires_grad=True)
    attention_transfer_loss(student, student.detach(), form="paper").backward()
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()


def test_an_unknown_form_is_refused() -> None:
    x = torch.zeros(2, 3, 4, 4)
    with pytest.raises(ValueError, match=r'^unknown form \'code\'; known: "released", "paper"$'):
        attention_transfer_loss(x, x, form="code")  # type: ignore[arg-type]


def test_vectors_are_refused() -> None:
    x = torch.zeros(2, 3)
    with pytest.raises(
        ValueError, match=r"^expected student \[B, Cs, H, W\] and teacher \[B, Ct, H', W'\] with the same"
    ):
        attention_transfer_loss(x, x)
