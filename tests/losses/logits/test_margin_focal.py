"""The margin focal loss: what each hyperparameter turns off, and when the separation acts."""

import pytest
import torch
from torch.nn import functional

from xmodal.losses import margin_focal_loss

LABELS = torch.tensor([1, 0, 0, 1, 0])


def _logits() -> torch.Tensor:
    return torch.randn(5, dtype=torch.float64)


def test_with_everything_off_it_is_the_cross_entropy() -> None:
    student = _logits()
    loss = margin_focal_loss(student, LABELS, margin=0.0, gamma=0.0, separation_weight=0.0, pos_weight=1.7)
    expected = functional.binary_cross_entropy_with_logits(
        student, LABELS.double(), pos_weight=torch.tensor(1.7, dtype=torch.float64)
    )
    torch.testing.assert_close(loss, expected)


def test_the_margin_moves_the_logits_towards_the_wrong_answer() -> None:
    student = _logits()
    moved = student - torch.where(LABELS.bool(), 0.7, -0.7)
    torch.testing.assert_close(
        margin_focal_loss(student, LABELS, margin=0.7, separation_weight=0.0),
        margin_focal_loss(moved, LABELS, margin=0.0, separation_weight=0.0),
    )


def test_yes_and_no_may_change_places() -> None:
    student = _logits()
    torch.testing.assert_close(margin_focal_loss(-student, 1 - LABELS), margin_focal_loss(student, LABELS))


def test_sure_answers_count_little() -> None:
    surer = torch.tensor([4.0, -4.0, -4.0, 4.0, -4.0], dtype=torch.float64)
    plain, focal = (margin_focal_loss(surer, LABELS, gamma=g, margin=0.0) for g in (0.0, 2.0))
    assert focal < 1e-3 * plain


def test_the_separation_is_that_of_the_means_and_ends_at_the_margin() -> None:
    for gap, deficit in ((0.2, 0.8), (1.0, 0.0), (3.0, 0.0)):
        student = torch.where(LABELS.bool(), gap / 2, -gap / 2).double()
        with_it, without = (margin_focal_loss(student, LABELS, margin=1.0, separation_weight=w) for w in (0.5, 0.0))
        torch.testing.assert_close((with_it - without).item(), 0.5 * 0.1 * deficit)


def test_the_separation_needs_both_classes() -> None:
    student = _logits()
    for labels in (torch.ones(5, dtype=torch.long), torch.zeros(5, dtype=torch.bool)):
        with_it, without = (margin_focal_loss(student, labels, separation_weight=w) for w in (0.5, 0.0))
        assert torch.equal(with_it, without)
    only_yes = LABELS.bool()
    torch.testing.assert_close(
        margin_focal_loss(student, LABELS, mask=only_yes),
        margin_focal_loss(student, LABELS, mask=only_yes, separation_weight=0.0),
    )


def test_the_sources_least_value() -> None:
    certain = torch.where(LABELS.bool(), 50.0, -50.0)
    assert margin_focal_loss(certain, LABELS) == pytest.approx(1e-8)
    assert margin_focal_loss(certain, LABELS, separation_weight=0.0) < 1e-40


def test_wrong_shapes_and_far_logits() -> None:
    far = torch.tensor([-3e4, 3e4, 0.0, 0.0, 0.0], requires_grad=True)
    margin_focal_loss(far, LABELS).backward()
    assert far.grad is not None
    assert far.grad.isfinite().all()
    with pytest.raises(ValueError, match=r"^expected student \[B\] or \[B, N\], found student \[5, 1, 1\]$"):
        margin_focal_loss(far[:, None, None], LABELS)
    with pytest.raises(ValueError, match=r"^expected integer labels \[5\], found torch.int64 \[4\]$"):
        margin_focal_loss(far, LABELS[1:])
