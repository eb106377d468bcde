"""Logit standardisation: what it takes away, what it wraps, and what it does to masked and equal logits."""

import pytest
import torch

from xmodal.losses import DKDLoss, KDLoss, LogitStandardization, kd_loss, standardize_logits


def test_mean_zero_and_unbiased_deviation_one() -> None:
    z = standardize_logits(torch.randn(4, 3, 6, dtype=torch.float64))
    torch.testing.assert_close(z.mean(-1), torch.zeros(4, 3, dtype=torch.float64))
    torch.testing.assert_close(z.std(-1), torch.ones(4, 3, dtype=torch.float64), rtol=1e-6, atol=0)


def test_the_eps_is_added_to_the_deviation() -> None:
    z = torch.tensor([1e-6, -1e-6], dtype=torch.float64)
    expected = z / (1e-7 + z.std())
    torch.testing.assert_close(standardize_logits(z), expected, rtol=1e-12, atol=0)


def test_shift_and_scale_of_either_side_do_not_matter() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    loss = LogitStandardization(KDLoss(temperature=2.0))
    other = loss(3 * student + 5, 0.2 * teacher - torch.randn(4, 1))
    torch.testing.assert_close(other, loss(student, teacher), rtol=1e-5, atol=0)
    torch.testing.assert_close(loss(7 * teacher - 1, teacher).item(), 0.0, rtol=0, atol=1e-12)


def test_it_is_the_wrapped_loss_of_standardised_logits() -> None:
    student, teacher = torch.randn(2, 4, 3, 6, dtype=torch.float64)
    mask = torch.rand(4, 3) > 0.4
    expected = kd_loss(standardize_logits(student), standardize_logits(teacher), mask=mask, reduction="none")
    assert torch.equal(LogitStandardization(KDLoss(reduction="none"))(student, teacher, mask=mask), expected)


def test_it_passes_labels_on() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    labels = torch.tensor([0, 5, 2, 2])
    expected = DKDLoss()(standardize_logits(student), standardize_logits(teacher), labels)
    assert torch.equal(LogitStandardization(DKDLoss())(student, teacher, labels), expected)


def test_nan_in_masked_items_reaches_neither_value_nor_gradient() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    mask = torch.tensor([True, False, True, True])
    expected = LogitStandardization(KDLoss())(student[mask], teacher[mask])
    student[1] = teacher[1] = torch.nan
    loss = LogitStandardization(KDLoss())(student.requires_grad_(), teacher, mask=mask)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    assert student.grad is not None
    assert student.grad.isfinite().all()
    assert not student.grad[1].any()


def test_equal_logits_give_zeros_and_no_gradient() -> None:
    z = torch.full((2, 5), 3.0, requires_grad=True)
    out = standardize_logits(z)
    (out * torch.arange(5)).sum().backward()
    assert not out.any()
    assert z.grad is not None
    assert not z.grad.any()


def test_the_teacher_gets_no_gradient_and_half_precision_is_lifted() -> None:
    student, teacher = (x.bfloat16().requires_grad_() for x in torch.randn(2, 4, 6))
    loss = LogitStandardization(KDLoss())(student, teacher)
    loss.backward()
    assert loss.dtype == torch.float32
    assert student.grad is not None
    assert teacher.grad is None


def test_one_class_has_no_deviation() -> None:
    with pytest.raises(ValueError, match=r"^expected logits \[..., C\] with C >= 2, found \[4, 1\]$"):
        standardize_logits(torch.randn(4, 1))


def test_the_wrapper_saves_what_the_loss_saves() -> None:
    wrapped = LogitStandardization(torch.nn.BatchNorm1d(3))
    assert wrapped.state_dict().keys() == {f"loss.{name}" for name in torch.nn.BatchNorm1d(3).state_dict()}
