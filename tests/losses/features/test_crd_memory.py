"""The memory of CRD: draws, updates, and that a resumed one goes on as if nothing had happened."""

from copy import deepcopy

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import CRDMemory


def test_a_sample_is_never_its_own_negative_and_all_others_are_drawn_equally_often() -> None:
    memory = CRDMemory(5, 4)
    index = torch.tensor([0, 2, 4])
    drawn = memory.draw(index, 20_000)
    assert drawn.shape == (3, 20_000)
    assert not (drawn == index.unsqueeze(1)).any()
    for own, row in zip(index.tolist(), drawn, strict=True):
        shares = torch.bincount(row, minlength=5) / 20_000
        assert shares[own] == 0
        assert (shares[torch.arange(5) != own] - 0.25).abs().max() < 0.02


def test_of_two_samples_the_other_one_is_drawn() -> None:
    assert CRDMemory(2, 4).draw(torch.tensor([0, 1]), 3).tolist() == [[1, 1, 1], [0, 0, 0]]


def test_the_seed_decides_banks_and_draws_and_the_global_one_does_not() -> None:
    index = torch.arange(3)
    torch.manual_seed(1)
    first = CRDMemory(50, 4, seed=7)
    torch.manual_seed(2)
    same, other = CRDMemory(50, 4, seed=7), CRDMemory(50, 4, seed=8)
    assert torch.equal(first.student, same.student)
    assert not torch.equal(first.student, first.teacher)
    assert not torch.equal(first.student, other.student)
    drawn = first.draw(index, 9)
    assert torch.equal(drawn, same.draw(index, 9))
    assert not torch.equal(drawn, first.draw(index, 9))
    assert not torch.equal(drawn, other.draw(index, 9))


def test_rows_start_with_length_one_on_average_and_are_so_after_an_update() -> None:
    memory = CRDMemory(1000, 16)
    assert memory.student.square().sum(1).mean().item() == pytest.approx(1, abs=0.02)
    index, new = torch.tensor([3, 1]), F.normalize(torch.randn(2, 16))
    old = memory.student.clone()
    memory.update(index, new, -new)
    torch.testing.assert_close(memory.student[index], F.normalize(old[index] / 2 + new / 2))
    untouched = torch.ones(1000, dtype=torch.bool).index_fill(0, index, False)
    assert torch.equal(memory.student[untouched], old[untouched])
    torch.testing.assert_close(memory.teacher[index].norm(dim=1), torch.ones(2))


def test_without_momentum_the_new_embedding_replaces_the_old_one() -> None:
    memory = CRDMemory(10, 4, momentum=0.0)
    new = F.normalize(torch.randn(1, 4))
    memory.update(torch.tensor([3]), new, new)
    torch.testing.assert_close(memory.student[3:4], new)


def test_a_resumed_memory_draws_what_the_first_would_have_drawn() -> None:
    memory, index = CRDMemory(50, 4), torch.arange(3)
    memory.draw(index, 9)
    memory.update(index, torch.ones(3, 4), torch.ones(3, 4))
    resumed, copied = CRDMemory(50, 4, seed=99), deepcopy(memory)
    resumed.load_state_dict(memory.state_dict())
    assert torch.equal(resumed.teacher, memory.teacher)
    drawn = memory.draw(index, 9)
    assert torch.equal(resumed.draw(index, 9), drawn)
    assert torch.equal(copied.draw(index, 9), drawn)


@pytest.mark.parametrize(("numbers", "found"), [([0, 10], "0 to 10"), ([-1, 3], "-1 to 3")])
def test_a_sample_number_out_of_range_is_named(numbers: list[int], found: str) -> None:
    memory, index = CRDMemory(10, 4), torch.tensor(numbers)
    with pytest.raises(ValueError, match=rf"^expected sample numbers in \[0, 10\), found {found}$"):
        memory.draw(index, 2)
    with pytest.raises(ValueError, match=rf"^expected sample numbers in \[0, 10\), found {found}$"):
        memory.update(index, torch.zeros(2, 4), torch.zeros(2, 4))


def test_sample_numbers_must_be_integers() -> None:
    with pytest.raises(ValueError, match=r"^expected int64 sample numbers, found torch.float32$"):
        CRDMemory(10, 4).draw(torch.zeros(2), 2)


def test_sizes_and_momentum_are_checked() -> None:
    with pytest.raises(ValueError, match=r"^expected num_samples - 1 > 0, found 0$"):
        CRDMemory(1, 4)
    with pytest.raises(ValueError, match=r"^expected momentum in \[0, 1\), found 1.0$"):
        CRDMemory(10, 4, momentum=1.0)
