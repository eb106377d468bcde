"""Proposal-based distillation of RadarDistill: objects, false claims, and a kind of cell that does not occur."""

import torch

from xmodal.losses import proposal_map_loss

STUDENT, TEACHER = torch.randn(2, 2, 3, 2, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
DISTANCE = (STUDENT.softmax(1) - TEACHER.softmax(1)).abs().sum(1)  # [2, 2, 3]


def _heat(*cells: tuple[int, int, int]) -> torch.Tensor:
    heat = torch.zeros(2, 2, 3)
    for cell in cells:
        heat[cell] = 0.9
    return heat


def test_objects_weigh_five_times_false_claims_each_as_a_mean() -> None:
    claimed, labelled = _heat((0, 0, 0), (1, 1, 2)), _heat((0, 0, 0), (0, 0, 1))
    expected = 5 * (DISTANCE[0, 0, 0] + DISTANCE[0, 0, 1]) / 2 + DISTANCE[1, 1, 2]
    torch.testing.assert_close(proposal_map_loss(STUDENT, TEACHER, claimed, labelled), expected)


def test_without_false_claims_or_without_objects_the_other_part_stays() -> None:
    one = _heat((1, 0, 2))
    torch.testing.assert_close(proposal_map_loss(STUDENT, TEACHER, _heat(), one), 5 * DISTANCE[1, 0, 2])
    torch.testing.assert_close(proposal_map_loss(STUDENT, TEACHER, one, _heat()), DISTANCE[1, 0, 2])
    assert proposal_map_loss(STUDENT, TEACHER, _heat(), _heat()) == 0


def test_a_value_on_the_threshold_is_neither() -> None:
    on = torch.full((2, 2, 3), 0.5)
    assert proposal_map_loss(STUDENT, TEACHER, on, on + 1, threshold=0.5) == 0
    assert proposal_map_loss(STUDENT, TEACHER, on + 1, on, threshold=0.5) == 0


def test_the_largest_class_decides() -> None:
    claimed, labelled = _heat((1, 0, 2)), _heat((0, 1, 0))
    classes = [torch.stack([x / 3, x], dim=1) for x in (claimed, labelled)]
    loss = proposal_map_loss(STUDENT, TEACHER, claimed, labelled)
    torch.testing.assert_close(proposal_map_loss(STUDENT, TEACHER, *classes), loss)


def test_one_number_added_to_all_channels_of_a_cell_changes_nothing() -> None:
    heat = torch.rand(2, 2, 3), torch.rand(2, 2, 3)
    moved = STUDENT + torch.randn(2, 1, 2, 3)
    torch.testing.assert_close(proposal_map_loss(moved, TEACHER, *heat), proposal_map_loss(STUDENT, TEACHER, *heat))
