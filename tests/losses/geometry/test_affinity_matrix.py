"""Affinity matrices of CRKD: rotations of the channels, widths, the batch's second division."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import affinity_matrix_loss

STUDENT, TEACHER = torch.randn(2, 3, 4, 6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_a_rotation_into_a_wider_space_changes_nothing() -> None:
    rotation, _ = torch.linalg.qr(torch.randn(7, 4, dtype=torch.float64))
    wider = torch.einsum("ij,bjhw->bihw", rotation, STUDENT)
    assert affinity_matrix_loss(wider, STUDENT, sizes=(3,)) < 1e-12
    loss = affinity_matrix_loss(STUDENT, TEACHER, sizes=(3,))
    torch.testing.assert_close(affinity_matrix_loss(STUDENT, wider, sizes=(3,)), torch.zeros_like(loss))
    torch.testing.assert_close(affinity_matrix_loss(wider, TEACHER, sizes=(3,)), loss)


def test_scaling_both_scales_by_the_square() -> None:
    loss = affinity_matrix_loss(STUDENT, TEACHER, sizes=(3, 2))
    torch.testing.assert_close(affinity_matrix_loss(3 * STUDENT, 3 * TEACHER, sizes=(3, 2)), 9 * loss)


def test_sizes_are_summed_and_the_released_form_divides_by_the_batch_again() -> None:
    terms = [affinity_matrix_loss(STUDENT, TEACHER, sizes=(size,)) for size in (4, 2)]
    total = affinity_matrix_loss(STUDENT, TEACHER, sizes=(4, 2))
    torch.testing.assert_close(total, terms[0] + terms[1])
    torch.testing.assert_close(affinity_matrix_loss(STUDENT, TEACHER, sizes=(4, 2), form="released"), total / 3)


def test_at_the_size_of_the_map_the_loss_is_that_of_its_cells() -> None:
    student, teacher = STUDENT[..., :5, :5], TEACHER[..., :5, :5]
    matrices = [x.flatten(2).mT @ x.flatten(2) for x in (student, teacher)]
    torch.testing.assert_close(affinity_matrix_loss(student, teacher, sizes=(5,)), F.l1_loss(*matrices))


def test_maps_of_other_sizes_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^expected student \[B, Cs, H, W\] and teacher .* with the same B, H, W, found"
    ):
        affinity_matrix_loss(STUDENT, TEACHER[..., 1:])
