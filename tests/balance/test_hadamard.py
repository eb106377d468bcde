"""Hadamard matrices and the finite fields they are made of: exact in integers."""

import pytest
import torch

from xmodal.balance.finite_field import prime_power, quadratic_character
from xmodal.balance.hadamard import hadamard

NOT_REACHED = (92, 116, 156, 172, 184, 188)


@pytest.mark.parametrize("order", [1, 2, *range(4, 201, 4), 384, 768, 1152])
def test_rows_are_orthogonal_signs(order: int) -> None:
    matrix = hadamard(order)
    if order in NOT_REACHED:
        assert matrix is None
        return
    assert matrix is not None
    assert matrix.dtype == torch.int64
    assert matrix.abs().eq(1).all()
    product = (matrix.double() @ matrix.double().T).long()  # sums of signs are exact in float64
    assert torch.equal(product, order * torch.eye(order, dtype=torch.int64))


@pytest.mark.parametrize("order", [-4, 0, 3, 5, 6, 10, 18, 30, 50, 90])
def test_other_orders_have_none(order: int) -> None:
    assert hadamard(order) is None


def test_a_power_of_two_is_sylvesters() -> None:
    pair = torch.tensor([[1, 1], [1, -1]])
    matrix = hadamard(8)
    assert matrix is not None
    assert torch.equal(matrix, torch.kron(pair, torch.kron(pair, pair)))


def test_numbers_that_are_prime_powers() -> None:
    assert [q for q in range(30) if prime_power(q)] == [2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27, 29]
    assert prime_power(343) == (7, 3)
    assert prime_power(2 * 3) is None


@pytest.mark.parametrize(("p", "k"), [(3, 1), (13, 1), (3, 2), (5, 2), (3, 3), (7, 2)])
def test_half_of_the_elements_of_a_field_are_squares(p: int, k: int) -> None:
    q = p**k
    table = quadratic_character(p, k)
    assert torch.equal(table.diag(), torch.zeros(q, dtype=torch.int64))
    assert table.sum(1).eq(0).all()
    # Jacobsthal: the table times its transpose is q I - J; it is symmetric for q = 4m + 1, skew for 4m + 3.
    expected = q * torch.eye(q, dtype=torch.int64) - 1
    assert torch.equal(table @ table.T, expected)
    assert torch.equal(table.T, table if q % 4 == 1 else -table)


def test_squares_modulo_a_prime() -> None:
    table = quadratic_character(11, 1)
    squares = {x * x % 11 for x in range(1, 11)}
    assert [int(v) for v in table[:, 0]] == [0, *(1 if x in squares else -1 for x in range(1, 11))]
