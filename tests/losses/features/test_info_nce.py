"""Contrast in one direction: among the batch, and among negatives of one's own."""

from math import log

import pytest
import torch

from xmodal.losses import contrastive_loss, hard_negative_loss, info_nce_loss


def _pair(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return student, teacher


def test_the_mean_of_both_directions_is_the_contrastive_loss() -> None:
    student, teacher = _pair(5, 4)
    both = (info_nce_loss(student, teacher) + info_nce_loss(teacher, student)) / 2
    torch.testing.assert_close(both, contrastive_loss(student, teacher, temperature=0.05))


def test_what_cannot_be_told_apart_gives_the_logarithm_of_the_number_of_candidates() -> None:
    student, teacher = torch.ones(5, 4), torch.full((5, 4), 2.0)
    assert info_nce_loss(student, teacher).item() == pytest.approx(log(5))
    assert hard_negative_loss(student, teacher, negatives=torch.ones(5, 7, 4)).item() == pytest.approx(log(8))


def test_pairs_far_closer_than_all_others_give_almost_zero() -> None:
    directions = torch.eye(4)
    assert info_nce_loss(directions, 3 * directions) < 1e-7
    assert hard_negative_loss(directions, directions, negatives=-directions.unsqueeze(1)) < 1e-7


def test_the_rest_of_the_batch_as_negatives_is_the_contrast_among_the_batch() -> None:
    student, teacher = _pair(4, 3)
    others = torch.stack([teacher[torch.arange(4) != i] for i in range(4)])
    torch.testing.assert_close(hard_negative_loss(student, teacher, negatives=others), info_nce_loss(student, teacher))


def test_lengths_and_the_order_of_negatives_do_not_matter() -> None:
    student, teacher = _pair(4, 3)
    negatives = torch.randn(4, 6, 3, dtype=torch.float64)
    loss = hard_negative_loss(student, teacher, negatives=negatives)
    moved = hard_negative_loss(5 * student, teacher / 7, negatives=0.1 * negatives.flip(1))
    torch.testing.assert_close(moved, loss)


@pytest.mark.parametrize("trained", ["student", "both"])
def test_teacher_and_negatives_learn_only_where_both_are_trained(trained: str) -> None:
    student, teacher = (x.requires_grad_() for x in _pair(4, 3))
    negatives = torch.randn(4, 2, 3, dtype=torch.float64, requires_grad=True)
    loss = hard_negative_loss(student, teacher, negatives=negatives, trained=trained)
    (loss + info_nce_loss(student, teacher, trained=trained)).backward()
    assert student.grad is not None
    for x in (teacher, negatives):
        assert (x.grad is not None) == (trained == "both")


def test_both_trained_gives_the_same_value() -> None:
    student, teacher = _pair(4, 3)
    assert info_nce_loss(student, teacher, trained="both") == info_nce_loss(student, teacher)


def test_other_options_and_shapes_are_refused() -> None:
    student, teacher = _pair(4, 3)
    with pytest.raises(ValueError, match=r"^unknown trained 'teacher'; known: \"student\", \"both\"$"):
        info_nce_loss(student, teacher, trained="teacher")
    for shape in ((4, 3), (4, 2, 5), (3, 2, 3)):
        found = rf"found student \[4, 3\] and negatives \[{', '.join(map(str, shape))}\]$"
        with pytest.raises(ValueError, match=found):
            hard_negative_loss(student, teacher, negatives=torch.zeros(shape))
