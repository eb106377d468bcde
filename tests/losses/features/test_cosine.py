"""Cosine: reference numbers in float64, and scale and rotation."""

import pytest
import torch

from golden.inputs import method_input
from losses.check import assert_golden
from xmodal.losses import cosine_loss


def test_it_is_the_cosine_half_of_unic() -> None:
    student = method_input("unic/loss", "s_dino_cls").requires_grad_()
    loss = cosine_loss(student, method_input("unic/loss", "t_dino_cls"))
    assert_golden(loss, "unic/loss", "cos_only_dino_cls_mean", {"s_dino_cls": student})


def test_on_whole_flattened_maps_it_is_theia_cosine() -> None:
    student = {name: method_input("theia/loss", f"pred_{name}").requires_grad_() for name in ("clip", "dinov2")}
    terms = [
        cosine_loss(x.flatten(1), method_input("theia/loss", f"target_{name}").flatten(1))
        for name, x in student.items()
    ]
    leaves = {f"pred_{name}": x for name, x in student.items()}
    assert_golden(torch.stack(terms).mean(), "theia/loss", "cos", leaves)


def test_the_length_of_a_vector_does_not_matter() -> None:
    student, teacher = torch.randn(2, 4, 5, dtype=torch.float64)
    scaled = cosine_loss(torch.rand(4, 1) * 10 * student, 1e-4 * teacher)
    torch.testing.assert_close(scaled, cosine_loss(student, teacher))


def test_turning_both_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 5, dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    torch.testing.assert_close(cosine_loss(student @ rotation, teacher @ rotation), cosine_loss(student, teacher))


@pytest.mark.parametrize(("factor", "expected"), [(2.0, 0.0), (0.0, 1.0), (-2.0, 2.0)])
def test_same_none_and_opposite_direction_give_zero_one_and_two(factor: float, expected: float) -> None:
    teacher = torch.randn(4, 5, dtype=torch.float64)
    assert cosine_loss(factor * teacher, teacher).item() == pytest.approx(expected, abs=1e-12)


def test_maps_are_refused_since_their_last_dimension_is_no_width() -> None:
    feature_map = torch.zeros(2, 5, 4, 4)
    with pytest.raises(ValueError, match=r"expected student and teacher of one shape \[B, D\] or \[B, N, D\], found"):
        cosine_loss(feature_map, feature_map)
