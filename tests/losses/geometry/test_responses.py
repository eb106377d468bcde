"""Responses of detection heads: UniDistill's and CRKD's, for heat maps and for boxes."""

import torch
from torch.nn import functional as F

from xmodal.losses import (
    binary_kd_loss,
    box_response_loss,
    heatmap_box_loss,
    heatmap_response_loss,
    quality_focal_loss,
)


def _maps() -> torch.Tensor:
    return torch.randn(2, 2, 3, 4, 5, dtype=torch.float64)


def test_only_the_largest_class_of_each_side_counts() -> None:
    student, teacher = _maps()
    foreground = torch.rand(2, 4, 5)
    loss = heatmap_response_loss(student, teacher, foreground)
    torch.testing.assert_close(heatmap_response_loss(student, teacher.roll(1, dims=1), foreground), loss)
    largest = [x.amax(1, keepdim=True) for x in (student, teacher)]
    torch.testing.assert_close(heatmap_response_loss(*largest, foreground), loss)


def test_the_released_heat_map_halves_the_logits_of_the_teacher_only() -> None:
    student, teacher = _maps()
    foreground = torch.rand(2, 4, 5)
    released = heatmap_response_loss(student, teacher, foreground, form="released")
    torch.testing.assert_close(released, heatmap_response_loss(student, teacher / 2, foreground))
    assert heatmap_response_loss(student, student, foreground, form="released") > 0
    assert heatmap_response_loss(student, 2 * student, foreground, form="released") < 1e-12


def test_the_released_heat_map_keeps_the_teacher_further_from_zero() -> None:
    low, everywhere = torch.full((1, 1, 2, 2), -50.0), torch.ones(1, 2, 2)
    assert heatmap_response_loss(low, low, everywhere) == 0
    released = heatmap_response_loss(low, low, everywhere, form="released")
    torch.testing.assert_close(released, torch.tensor((1e-3 - 1e-4) * 4 / (4 + 1e-4)))


def test_the_background_has_no_influence_on_responses() -> None:
    student, teacher = _maps()
    foreground = torch.rand(2, 4, 5) * (torch.arange(5) < 3)
    for loss in (heatmap_response_loss, box_response_loss):
        value = loss(student, teacher, foreground)
        broken = student.clone()
        broken[..., 3:] = torch.nan
        torch.testing.assert_close(loss(broken, teacher, foreground), value)
        assert loss(student, teacher, torch.zeros(2, 4, 5)) == 0


def test_everywhere_foreground_gives_the_mean_absolute_difference_of_boxes() -> None:
    student, teacher = _maps()
    loss = box_response_loss(student, teacher, torch.ones(2, 4, 5))
    torch.testing.assert_close(loss, F.l1_loss(student, teacher), rtol=1e-5, atol=0)  # 1e-4 added to 40 cells


def test_without_its_exponent_the_quality_focal_loss_is_a_cross_entropy() -> None:
    student, teacher = _maps()
    objects = (teacher.sigmoid() > 0.3).sum()
    loss = quality_focal_loss(student, teacher, exponent=0)
    torch.testing.assert_close(loss * objects / student.numel(), binary_kd_loss(student, teacher))


def test_a_teacher_that_sees_nothing_divides_by_one() -> None:
    student, nothing = torch.randn(1, 1, 2, 2), torch.full((1, 1, 2, 2), -9.0)
    loss = quality_focal_loss(student, nothing)
    distance = student.sigmoid() - nothing.sigmoid()
    expected = distance.square() * F.binary_cross_entropy(student.sigmoid(), nothing.sigmoid(), reduction="none")
    torch.testing.assert_close(loss, expected.sum(), rtol=1e-4, atol=1e-6)


def test_boxes_count_by_the_heat_where_it_is_above_the_threshold() -> None:
    student, teacher = _maps()
    heatmap = torch.zeros(2, 2, 4, 5, dtype=torch.float64)
    heatmap[0, 0, 1, 2], heatmap[0, 1, 1, 2], heatmap[1, 1, 3, 3], heatmap[1, 0, 0, 0] = 0.4, 0.3, 0.2, 0.05
    near = F.smooth_l1_loss(student, teacher, reduction="none").sum(1)
    expected = (0.7 * near[0, 1, 2] + 0.2 * near[1, 3, 3]) / 2
    torch.testing.assert_close(heatmap_box_loss(student, teacher, heatmap), expected)


def test_without_any_heat_the_box_loss_is_zero() -> None:
    assert heatmap_box_loss(*_maps(), torch.full((2, 1, 4, 5), 0.05)) == 0
