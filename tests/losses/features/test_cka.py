"""CKA, biased and unbiased: reference numbers, invariances, and how they judge small batches."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from golden.inputs import method_input, method_value
from xmodal.losses import cka_loss, linear_cka, unbiased_cka_loss, unbiased_linear_cka

both = pytest.mark.parametrize("similarity", [linear_cka, unbiased_linear_cka])


def _leap() -> tuple[Tensor, Tensor]:
    return method_input("leap/cka", "X (N,D1)"), method_input("leap/cka", "Y (N,D2)")


def test_it_is_leaps() -> None:
    x, y = _leap()
    # That code rounds to float32, whatever it is given.
    assert linear_cka(x, y).item() == pytest.approx(method_value("leap/cka", "cka_XY"), rel=1e-5)
    assert linear_cka(x, x).item() == pytest.approx(method_value("leap/cka", "cka_XX"), rel=1e-5)
    assert linear_cka(x, 2 * x + 1).item() == pytest.approx(method_value("leap/cka", "cka_X_2X_plus1"), rel=1e-5)
    assert linear_cka(x.float(), y.float()).item() == pytest.approx(method_value("leap/cka", "cka_XY"), rel=1e-5)


@both
def test_turning_moving_and_scaling_either_side_changes_nothing(similarity: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(7, 5, dtype=torch.float64), torch.randn(7, 9, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    torch.testing.assert_close(similarity(1e-4 * student @ turn + 3, teacher), similarity(student, teacher))
    torch.testing.assert_close(similarity(student, 1e3 * teacher - 2), similarity(student, teacher))
    assert similarity(student, student @ turn).item() == pytest.approx(1)


@both
def test_it_is_symmetric(similarity: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(7, 5, dtype=torch.float64), torch.randn(7, 9, dtype=torch.float64)
    torch.testing.assert_close(similarity(student, teacher), similarity(teacher, student))


def test_unrelated_small_batches_look_alike_to_the_biased_form_only() -> None:
    generator = torch.Generator().manual_seed(0)
    draws = [torch.randn(2, 8, 300, generator=generator) for _ in range(20)]
    assert min(linear_cka(*pair) for pair in draws) > 0.9
    assert torch.stack([unbiased_linear_cka(*pair) for pair in draws]).mean().abs() < 0.1


def test_in_a_large_batch_the_two_agree() -> None:
    teacher = torch.randn(2000, 4, dtype=torch.float64)
    student = teacher + torch.randn(2000, 4, dtype=torch.float64)
    torch.testing.assert_close(unbiased_linear_cka(student, teacher), linear_cka(student, teacher), rtol=1e-2, atol=0)


@pytest.mark.parametrize("loss", [cka_loss, unbiased_cka_loss])
def test_a_collapsed_student_costs_one_and_gets_no_gradient(loss: Callable[..., Tensor]) -> None:
    student = torch.full((6, 5), 0.3, requires_grad=True)
    value = loss(student, torch.randn(6, 5))
    value.backward()
    assert value == 1
    assert student.grad is not None
    assert not student.grad.any()


@pytest.mark.parametrize(("loss", "rows"), [(cka_loss, 1), (unbiased_cka_loss, 3)])
def test_too_few_rows_give_zero_and_no_gradient(loss: Callable[..., Tensor], rows: int) -> None:
    student = torch.randn(rows, 5, requires_grad=True)
    value = loss(student, torch.randn(rows, 5))
    value.backward()
    assert value == 0
    assert student.grad is not None
    assert not student.grad.any()
