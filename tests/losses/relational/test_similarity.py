"""Losses between similarity matrices of a batch: invariances, and cases that can be worked out by hand."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from xmodal.losses import (
    correlation_congruence_loss,
    neighbour_congruence_loss,
    pkt_loss,
    similarity_preserving_loss,
)

Loss = Callable[..., Tensor]

matrices = pytest.mark.parametrize("loss", [similarity_preserving_loss, pkt_loss, correlation_congruence_loss])
cosines = pytest.mark.parametrize("loss", [pkt_loss, correlation_congruence_loss])


def _turned(x: Tensor) -> Tensor:
    return x @ torch.linalg.qr(torch.randn(x.shape[1], x.shape[1], dtype=x.dtype)).Q


@matrices
def test_a_turned_and_scaled_side_changes_nothing(loss: Loss) -> None:
    student, teacher = torch.randn(6, 5, dtype=torch.float64), torch.randn(6, 8, dtype=torch.float64)
    expected = loss(student, teacher)
    torch.testing.assert_close(loss(3 * _turned(student), teacher), expected)
    torch.testing.assert_close(loss(student, 3 * _turned(teacher)), expected)
    assert loss(2 * _turned(teacher), teacher).abs() < 1e-14


@cosines
def test_the_length_of_each_embedding_does_not_matter(loss: Loss) -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    lengths = torch.rand(6, 1, dtype=torch.float64) + 0.1
    torch.testing.assert_close(loss(lengths * student, teacher), loss(student, teacher))


def test_the_length_of_each_feature_matters_to_similarity_preserving() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    lengths = torch.arange(1.0, 7.0, dtype=torch.float64).unsqueeze(1)
    longer = similarity_preserving_loss(lengths * student, teacher)
    assert (longer - similarity_preserving_loss(student, teacher)).abs() > 1e-3


@matrices
def test_a_single_row_has_no_relation(loss: Loss) -> None:
    student = torch.randn(1, 5, requires_grad=True)
    value = loss(student, torch.randn(1, 8))
    value.backward()
    assert value.abs() < 1e-6
    assert student.grad is not None
    assert student.grad.abs().max() < 1e-6


def test_opposite_rows_of_the_similarity_matrix_differ_by_four() -> None:
    # Rows of the teacher's matrix (1, 0) and (0, 1), of the student's (1, 1) / sqrt(2) twice.
    student, teacher = torch.ones(2, 3, dtype=torch.float64), torch.eye(2, dtype=torch.float64)
    assert similarity_preserving_loss(student, teacher).item() == pytest.approx((2 - math.sqrt(2)) * 2 / 4)


def test_pkt_of_a_student_that_tells_nothing_apart() -> None:
    # The student's probabilities are 1/2, the teacher's 2/3 for itself and 1/3 for the other.
    student, teacher = torch.ones(2, 3, dtype=torch.float64), torch.eye(2, dtype=torch.float64)
    rows = 2 / 3 * math.log(4 / 3) + 1 / 3 * math.log(2 / 3)
    assert pkt_loss(student, teacher).item() == pytest.approx(2 * rows / 4, rel=1e-6)


def test_the_series_of_the_kernel_tends_to_the_kernel() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    exact = correlation_congruence_loss(student, teacher, order=None)
    torch.testing.assert_close(correlation_congruence_loss(student, teacher, order=20), exact)
    assert (correlation_congruence_loss(student, teacher) - exact).abs() > 1e-6


def test_the_default_order_is_the_paper_s() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    expected = correlation_congruence_loss(student, teacher, gamma=0.4, order=2)
    torch.testing.assert_close(correlation_congruence_loss(student, teacher), expected)


def test_an_order_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected order > 0, found 0$"):
        correlation_congruence_loss(torch.zeros(6, 5), torch.zeros(6, 5), order=0)


def test_neighbours_cost_nothing_where_one_of_them_is_right() -> None:
    teacher = torch.randn(6, 4, dtype=torch.float64)
    student = teacher.clone()
    student[::2] += 1
    assert neighbour_congruence_loss(student, teacher) == 0
    assert neighbour_congruence_loss(student.sort(0).values, teacher.sort(0).values) > 0.1


def test_the_sign_of_a_miss_does_not_matter_to_neighbours() -> None:
    teacher, miss = torch.randn(2, 6, 4, dtype=torch.float64)
    torch.testing.assert_close(
        neighbour_congruence_loss(teacher + miss, teacher), neighbour_congruence_loss(teacher - miss.abs(), teacher)
    )


def test_the_neighbour_of_a_row_is_the_next_that_counts() -> None:
    student, teacher = torch.randn(2, 3, 4, dtype=torch.float64)
    found = neighbour_congruence_loss(student, teacher, mask=torch.tensor([True, False, True]))
    torch.testing.assert_close(found, ((student - teacher)[0] * (student - teacher)[2]).abs().sum())


@pytest.mark.parametrize("rows", [0, 1])
def test_neighbours_of_less_than_two_rows_cost_nothing(rows: int) -> None:
    student = torch.randn(rows, 4, requires_grad=True)
    value = neighbour_congruence_loss(student, torch.randn(rows, 4))
    value.backward()
    assert value == 0
