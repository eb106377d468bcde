"""Lovász-Softmax: hard answers give 1 - IoU, ignored labels, no classes."""

import pytest
import torch

from xmodal.losses import lovasz_loss


def test_certain_answers_give_one_minus_the_mean_iou_of_the_classes_present() -> None:
    answers, labels = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 0, 0, 1, 1, 1])
    student = 100.0 * torch.nn.functional.one_hot(answers, 4)
    # IoU of 0: 2/3; of 1: 1/4; classes 2 and 3 are not among the labels.
    assert lovasz_loss(student, labels).item() == pytest.approx(1 - (2 / 3 + 1 / 4) / 2, rel=1e-6)


def test_right_answers_give_zero_and_wrong_ones_one() -> None:
    labels = torch.tensor([0, 1, 2, 1])
    right = 100.0 * torch.nn.functional.one_hot(labels, 3)
    assert lovasz_loss(right, labels) < 1e-30
    assert lovasz_loss(-right, labels) == 1


def test_ignored_labels_may_lie_outside_of_the_classes() -> None:
    student, labels = torch.randn(5, 3), torch.tensor([0, 255, 1, 255, 2])
    kept = labels != 255
    value = lovasz_loss(student, labels, ignore_label=255)
    torch.testing.assert_close(value, lovasz_loss(student[kept], labels[kept]))
    with pytest.raises(ValueError, match=r"^expected labels in \[0, 3\) .* found 0 to 255$"):
        lovasz_loss(student, labels)


def test_all_items_form_one_set() -> None:
    student, labels = torch.randn(4, 5, 3), torch.randint(3, (4, 5))
    torch.testing.assert_close(lovasz_loss(student, labels), lovasz_loss(student.flatten(0, 1), labels.flatten()))


def test_without_items_the_loss_is_zero() -> None:
    student = torch.randn(4, 3, requires_grad=True)
    loss = lovasz_loss(student, torch.zeros(4, dtype=torch.long), ignore_label=0)
    loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"^expected student \[B, C\] or \[B, N, C\], found student \[4\]$"):
        lovasz_loss(torch.zeros(4), torch.zeros(4, dtype=torch.long))
    with pytest.raises(ValueError, match=r"^expected integer labels \[4\], found torch.int64 \[3\]$"):
        lovasz_loss(torch.zeros(4, 2), torch.zeros(3, dtype=torch.long), ignore_label=0)
