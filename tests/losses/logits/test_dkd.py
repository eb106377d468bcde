"""DKD: it is KD taken apart, and what the parts ignore."""

import pytest
import torch

from xmodal.losses import dkd_loss, kd_loss

LABELS = torch.tensor([2, 0, 5, 1])


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = 3 * torch.randn(2, 4, 6, dtype=torch.float64)
    return student, teacher


def test_kd_is_the_target_part_plus_the_share_of_the_other_classes_times_the_rest() -> None:
    student, teacher = _pair()
    share = 1 - (teacher / 2.5).softmax(-1).gather(-1, LABELS[:, None])[:, 0]
    target = dkd_loss(student, teacher, LABELS, alpha=1, beta=0, temperature=2.5, reduction="none")
    rest = dkd_loss(student, teacher, LABELS, alpha=0, beta=1, temperature=2.5, reduction="none")
    expected = kd_loss(student, teacher, temperature=2.5, reduction="none")
    torch.testing.assert_close(target + share * rest, expected, rtol=1e-12, atol=1e-12)


def test_the_rest_ignores_the_logit_of_the_label() -> None:
    student, teacher = _pair()
    moved = student.scatter_add(-1, LABELS[:, None], torch.randn(4, 1, dtype=torch.float64)).requires_grad_()
    loss = dkd_loss(moved, teacher, LABELS, alpha=0, beta=1)
    loss.backward()
    torch.testing.assert_close(loss, dkd_loss(student, teacher, LABELS, alpha=0, beta=1))
    assert moved.grad is not None
    assert moved.grad.gather(-1, LABELS[:, None]).abs().max() < 1e-15


def test_the_target_part_ignores_how_the_other_classes_share() -> None:
    student, teacher = torch.randn(2, 1, 4, dtype=torch.float64)
    label = torch.tensor([0])
    swapped = student[:, [0, 2, 3, 1]]
    expected = dkd_loss(student, teacher, label, beta=0)
    torch.testing.assert_close(dkd_loss(swapped, teacher, label, beta=0), expected)


def test_a_constant_added_to_all_logits_of_an_item_changes_nothing() -> None:
    student, teacher = _pair()
    shifted = dkd_loss(student + torch.randn(4, 1), teacher + torch.randn(4, 1), LABELS)
    torch.testing.assert_close(shifted, dkd_loss(student, teacher, LABELS))


def test_two_classes_leave_the_target_part_alone() -> None:
    student, teacher = torch.randn(2, 4, 2, dtype=torch.float64)
    labels = torch.tensor([0, 1, 1, 0])
    torch.testing.assert_close(dkd_loss(student, teacher, labels), kd_loss(student, teacher))
    with pytest.raises(ValueError, match=r"^expected at least two classes, found student \[4, 1\]$"):
        dkd_loss(student[:, :1], teacher[:, :1], torch.zeros(4, dtype=torch.long))


def test_logits_far_apart_stay_finite() -> None:
    student = torch.tensor([[3e4, -3e4, 0.0]], requires_grad=True)
    teacher = torch.tensor([[-3e4, 3e4, 0.0]])
    loss = dkd_loss(student, teacher, torch.tensor([0]), temperature=1.0)
    loss.backward()
    assert loss == 3e4 + 8 * 3e4
    assert student.grad is not None
    assert student.grad.isfinite().all()


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_a_negative_weight_is_refused(name: str) -> None:
    student, teacher = _pair()
    with pytest.raises(ValueError, match=rf"^expected {name} >= 0, found -1$"):
        dkd_loss(student, teacher, LABELS, **{name: -1})
