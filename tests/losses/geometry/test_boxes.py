"""Boxes as masks, bumps and points: places worked out by hand, and what moves with what."""

from math import exp, pi
from typing import Any

import pytest
import torch

from xmodal.losses import box_keypoints, box_mask, enlarged_sizes, gaussian_mask

FIRST = torch.tensor([0])


def _box(*numbers: float) -> torch.Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def test_a_box_covers_every_cell_that_it_touches() -> None:
    mask = box_mask(_box(1.2, 0.0, 3.0, 1.5), FIRST, shape=(1, 3, 5))
    assert mask[0].tolist() == [[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]]


def test_the_released_cells_go_one_row_and_column_further() -> None:
    mask = box_mask(_box(1.2, 0.0, 3.0, 1.5), FIRST, shape=(1, 3, 5), cells="released")
    assert mask[0].tolist() == [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]]


def test_inverse_areas_count_cells_beyond_the_map_and_the_larger_wins() -> None:
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 5.0, 9.0], [0.0, 0.0, 1.0, 1.0]])
    mask = box_mask(boxes, torch.tensor([0, 0, 1]), shape=(3, 2, 3), weight="inverse_area")
    assert mask[0].tolist() == [[0.25, 0.25, 0], [0.25, 0.25, 1 / 32]]
    assert mask[1].tolist() == [[1, 0, 0], [0, 0, 0]]
    assert not mask[2].any()


def test_a_turned_box_is_masked_by_the_upright_box_around_it() -> None:
    turned = box_mask(_box(4, 3, 4, 2, pi / 2), FIRST, shape=(1, 8, 8))
    assert torch.equal(turned, box_mask(_box(3 + 1e-9, 1 + 1e-9, 5 - 1e-9, 5 - 1e-9), FIRST, shape=(1, 8, 8)))


def test_no_boxes_leave_empty_masks() -> None:
    none = torch.zeros(0, dtype=torch.long)
    assert not box_mask(torch.zeros(0, 4), none, shape=(2, 3, 4)).any()
    assert not gaussian_mask(torch.zeros(0, 5), none, shape=(2, 3, 4)).any()
    assert box_keypoints(torch.zeros(0, 5)).shape == (0, 9, 2)


def test_a_bump_is_one_at_its_cell_and_falls_with_a_third_of_the_radius() -> None:
    mask = gaussian_mask(_box(3.9, 2.2, 0.1, 0.1, 0), FIRST, shape=(1, 5, 6), min_radius=1)
    assert mask[0, 2, 3] == 1
    assert mask[0, 2, 4].item() == pytest.approx(exp(-2), rel=1e-6)  # r = 1, s = 1/2
    assert mask[0, 1, 2].item() == pytest.approx(exp(-4), rel=1e-6)
    assert (mask > 0).sum() == 9


def _radius(size: float, **options: Any) -> float:
    """Of the bump of a square box, from the number of its cells."""
    cells = (gaussian_mask(_box(40, 40, size, size, 0), FIRST, shape=(1, 80, 80), **options) > 0).sum().item()
    return (cells**0.5 - 1) / 2


def test_boxes_off_by_the_radius_still_overlap_enough() -> None:
    # Both corners of a box of 40 moved inwards by r overlap by (40 - 2 r)^2 / 40^2, the tightest of the three ways.
    for overlap in (0.9, 0.7, 0.5, 0.3):
        r = _radius(40, min_overlap=overlap, form="paper")
        assert (40 - 2 * r) ** 2 / 40**2 >= overlap > (40 - 2 * (r + 1)) ** 2 / 40**2


def test_radii_grow_with_the_box_and_in_form_paper_with_less_overlap() -> None:
    forms: tuple[Any, Any] = ("paper", "released")
    for form in forms:
        radii = [_radius(size, form=form) for size in (4, 12, 24)]
        assert radii == sorted(set(radii))
    radii = [_radius(24, min_overlap=overlap, form="paper") for overlap in (0.9, 0.5, 0.1)]
    assert radii == sorted(set(radii))
    assert _radius(40, min_overlap=0.5, form="released") == 16  # (56.57 * 2 - 80) / 2


def test_bumps_move_with_their_box_ignore_its_angle_and_take_the_maximum() -> None:
    boxes = torch.tensor([[5.5, 6.5, 3.0, 5.0, 0.0], [7.5, 6.5, 3.0, 5.0, 0.7]])
    one, moved = (gaussian_mask(boxes[i : i + 1], FIRST, shape=(1, 14, 14)) for i in (0, 1))
    assert torch.equal(one.roll(2, dims=2), moved)
    assert torch.equal(gaussian_mask(boxes, torch.tensor([0, 0]), shape=(1, 14, 14)), torch.maximum(one, moved))


def test_boxes_off_the_map_or_without_size_leave_no_bump() -> None:
    boxes = torch.tensor([[-0.5, 2, 3, 3, 0], [2, 9, 3, 3, 0], [2, 2, 0, 3, 0]])
    assert not gaussian_mask(boxes, torch.zeros(3, dtype=torch.long), shape=(1, 8, 8)).any()


def test_nine_points_of_an_upright_box() -> None:
    points = box_keypoints(_box(5, 3, 4, 2, 0))[0]
    corners = [[3, 2], [3, 4], [7, 4], [7, 2]]
    middles = [[3, 3], [5, 4], [7, 3], [5, 2]]
    assert points.tolist() == [*corners, [5, 3], *middles]


def test_points_turn_from_x_towards_y_around_the_centre() -> None:
    upright, turned = (box_keypoints(_box(5, 3, 4, 2, angle))[0] - torch.tensor([5, 3]) for angle in (0, pi / 2))
    torch.testing.assert_close(turned, torch.stack([-upright[:, 1], upright[:, 0]], dim=1))


def test_boxes_grow_with_distance_and_speed_between_half_a_metre_and_four() -> None:
    sizes = torch.tensor([[4.0, 2.0]]).expand(5, 2)
    centres = torch.tensor([[5.0, 0.0], [0.0, 25.0], [30.0, 0.0], [10.0, 10.0], [60.0, 0.0]])
    speeds = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, -0.5], [0.8, 0.3], [9.0, 9.0]])
    grown = enlarged_sizes(sizes, centres, speeds) - sizes
    expected = torch.tensor([[0.5, 0.5], [1.0, 0.5], [2.0, 1.5], [2.0, 0.5], [4.0, 2.0]])
    torch.testing.assert_close(grown, expected)
    assert (enlarged_sizes(10 * sizes, centres, speeds) - 10 * sizes).max() == 4


def test_boxes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"^expected boxes \[M, 5\] with sample \[M\] of torch.int64, found \[1, 4\]"):
        gaussian_mask(torch.zeros(1, 4), FIRST, shape=(1, 2, 2))
    with pytest.raises(ValueError, match=r"^expected boxes \[M, 4\] .* found \[1, 4\] with \[1\] of torch.float32$"):
        box_mask(torch.zeros(1, 4), FIRST.float(), shape=(1, 2, 2))
    with pytest.raises(ValueError, match=r"^expected boxes \[M, 5\], found \[5\]$"):
        box_keypoints(torch.zeros(5))
    with pytest.raises(ValueError, match=r"^unknown cells 'all'; known: \"covered\", \"released\"$"):
        box_mask(torch.zeros(1, 4), FIRST, shape=(1, 2, 2), cells="all")  # type: ignore[arg-type]
