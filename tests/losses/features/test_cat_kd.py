"""CAT-KD: coarse class activation maps of length 1."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import cat_kd_loss


def test_the_scale_of_each_class_map_does_not_matter() -> None:
    student, teacher = torch.randn(2, 4, 3, 4, 4, dtype=torch.float64)
    scaled = cat_kd_loss(torch.rand(4, 3, 1, 1) * student, 7 * teacher)
    torch.testing.assert_close(scaled, cat_kd_loss(student, teacher))


def test_only_the_coarse_maps_count() -> None:
    student, teacher = torch.randn(4, 3, 4, 4, dtype=torch.float64), torch.randn(4, 3, 8, 6, dtype=torch.float64)
    coarse = cat_kd_loss(F.avg_pool2d(student, 2), F.adaptive_avg_pool2d(teacher, 2))
    torch.testing.assert_close(cat_kd_loss(student, teacher), coarse)


def test_an_opposite_map_costs_four_over_the_number_of_cells() -> None:
    teacher = torch.randn(4, 3, 6, 6, dtype=torch.float64)
    assert cat_kd_loss(-teacher, teacher).item() == pytest.approx(1)
    assert cat_kd_loss(-teacher, teacher, resolution=3).item() == pytest.approx(4 / 9)


def test_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"same B and C, found student \[2, 3, 4, 4\] and teacher \[2, 5, 4, 4\]$"):
        cat_kd_loss(torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 4, 4))
