"""Affinity inside a sample: invariances, masked tokens, and pooling to regions."""

import pytest
import torch

from xmodal.losses import pairwise_affinity_loss, pool_regions


def test_a_rotation_of_each_sample_and_the_length_of_each_token_do_not_matter() -> None:
    student, teacher = torch.randn(4, 6, 5, dtype=torch.float64), torch.randn(4, 6, 3, dtype=torch.float64)
    rotations = torch.linalg.qr(torch.randn(4, 5, 5, dtype=torch.float64)).Q
    turned = (torch.rand(4, 6, 1, dtype=torch.float64) + 0.1) * (student @ rotations)
    torch.testing.assert_close(pairwise_affinity_loss(turned, teacher), pairwise_affinity_loss(student, teacher))
    assert pairwise_affinity_loss(turned, student) < 1e-20


def test_orthogonal_instead_of_equal_tokens_cost_one_for_each_pair_of_two() -> None:
    student, teacher = torch.eye(3).unsqueeze(0), torch.ones(1, 3, 3)
    assert pairwise_affinity_loss(student, teacher).item() == pytest.approx(6 / 9)


@pytest.mark.parametrize("chunk", [None, 1])
def test_masked_tokens_are_as_if_removed(chunk: int | None) -> None:
    student, teacher = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    mask = torch.tensor([[True, True, False, True], [False] * 4, [True] * 4])
    expected = torch.stack(
        [pairwise_affinity_loss(student[i : i + 1, mask[i]], teacher[i : i + 1, mask[i]]) for i in (0, 2)]
    )
    student[~mask], teacher[~mask] = torch.nan, torch.nan
    student.requires_grad_()
    items = pairwise_affinity_loss(student, teacher, mask=mask, reduction="none", chunk=chunk)
    torch.testing.assert_close(items[[0, 2]], expected)
    assert items[1] == 0
    mean = pairwise_affinity_loss(student, teacher, mask=mask, chunk=chunk)
    torch.testing.assert_close(mean, expected.mean())
    mean.backward()
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()
    assert not student.grad[~mask].any()


def test_regions_are_means_of_the_tokens_inside() -> None:
    tokens = torch.arange(8.0).reshape(1, 8, 1)  # 0 1 2 3 above 4 5 6 7
    assert pool_regions(tokens, grid=(2, 4), regions=(1, 2)).flatten().tolist() == [2.5, 4.5]
    assert pool_regions(tokens, grid=(2, 4), regions=(2, 4)).equal(tokens)


def test_other_grids_become_comparable() -> None:
    student, teacher = torch.randn(2, 16, 5), torch.randn(2, 36, 3)
    pooled = [pool_regions(x, grid=grid, regions=(2, 2)) for x, grid in ((student, (4, 4)), (teacher, (6, 6)))]
    assert pooled[0].shape == (2, 4, 5)
    assert pairwise_affinity_loss(*pooled) > 0


def test_a_grid_that_does_not_hold_the_tokens_is_named() -> None:
    with pytest.raises(ValueError, match=r"^expected tokens \[B, 2 \* 3, D\], found \[1, 8, 1\]$"):
        pool_regions(torch.zeros(1, 8, 1), grid=(2, 3), regions=(1, 1))
    with pytest.raises(ValueError, match=r"^expected regions of at least one row and column, found \(0, 1\)$"):
        pool_regions(torch.zeros(1, 6, 1), grid=(2, 3), regions=(0, 1))
