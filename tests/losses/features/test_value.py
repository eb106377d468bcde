"""Values: reference numbers in float64, and the two branches."""

import pytest
import torch

from golden.inputs import method_input
from losses.check import assert_golden
from xmodal.losses import value_loss


def test_the_mean_over_teachers_is_theia_smooth_l1() -> None:
    student = {name: method_input("theia/loss", f"pred_{name}").requires_grad_() for name in ("clip", "dinov2")}
    terms = [value_loss(x, method_input("theia/loss", f"target_{name}")) for name, x in student.items()]
    leaves = {f"pred_{name}": x for name, x in student.items()}
    assert_golden(torch.stack(terms).mean(), "theia/loss", "l1", leaves)


@pytest.mark.parametrize("part", ["cls", "patch"])
def test_it_is_the_smooth_l1_half_of_unic(part: str) -> None:
    student = method_input("unic/loss", f"s_dino_{part}").requires_grad_()
    loss = value_loss(student, method_input("unic/loss", f"t_dino_{part}"))
    assert_golden(loss, "unic/loss", f"sl1_only_dino_{part}_mean", {f"s_dino_{part}": student})


def test_small_differences_are_squared_and_large_ones_linear() -> None:
    metres = torch.tensor([1.0, 1.1, 3.0, -4.0], dtype=torch.float64)
    measured = torch.ones(4, dtype=torch.float64)
    items = value_loss(metres, measured, beta=0.5, reduction="none")
    torch.testing.assert_close(items, torch.tensor([0.0, 0.01, 1.75, 4.75], dtype=torch.float64))


def test_the_slope_of_an_outlier_is_one_for_every_beta() -> None:
    for beta in (0.1, 1.0, 5.0):
        prediction = torch.tensor([100.0], requires_grad=True)
        value_loss(prediction, torch.zeros(1), beta=beta).backward()
        assert prediction.grad == 1


def test_changing_the_unit_of_values_and_beta_changes_the_unit_of_the_loss() -> None:
    student, teacher = torch.randn(2, 4, 3, dtype=torch.float64)
    metres, centimetres = value_loss(student, teacher), value_loss(100 * student, 100 * teacher, beta=100.0)
    torch.testing.assert_close(centimetres, 100 * metres)
