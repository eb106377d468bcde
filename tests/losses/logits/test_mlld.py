"""MLLD: its levels one by one, and what the released code makes of its masks and of two views."""

import numpy as np
import pytest
import torch
from torch import Tensor

from xmodal.losses import kd_loss, mlld_loss

TEMPERATURES = (4.0, 3.0, 5.0, 2.0, 6.0)


def _pair() -> tuple[Tensor, Tensor]:
    student, teacher = 2 * torch.randn(2, 7, 5, dtype=torch.float64)
    return student, teacher


def test_the_instance_level_is_kd_at_each_temperature() -> None:
    student, teacher = _pair()
    expected = sum(kd_loss(student, teacher, temperature=t) for t in TEMPERATURES)
    torch.testing.assert_close(mlld_loss(student, teacher, batch_weight=0, class_weight=0), expected)


def test_batch_and_class_level_change_places_with_the_gram_matrix() -> None:
    student, teacher = _pair()
    p_s, p_t = student.softmax(-1), teacher.softmax(-1)
    batch = (p_t @ p_t.T - p_s @ p_s.T).norm() ** 2 / 7
    classes = (p_t.T @ p_t - p_s.T @ p_s).norm() ** 2 / 5
    only = {"temperatures": (1.0,), "instance_weight": 0.0}
    torch.testing.assert_close(mlld_loss(student, teacher, class_weight=0.0, **only), batch)
    torch.testing.assert_close(mlld_loss(student, teacher, batch_weight=0.0, **only), classes)


def test_a_constant_added_to_all_logits_of_an_item_changes_nothing() -> None:
    student, teacher = _pair()
    shifted = mlld_loss(student + torch.randn(7, 1), teacher + torch.randn(7, 1))
    torch.testing.assert_close(shifted, mlld_loss(student, teacher))


def test_the_batch_level_sees_no_common_order_of_classes() -> None:
    student, teacher = _pair()
    order = torch.tensor([3, 0, 4, 1, 2])
    only = {"instance_weight": 0.0, "class_weight": 0.0}
    torch.testing.assert_close(
        mlld_loss(student[:, order], teacher, **only), mlld_loss(student, teacher, **only), rtol=1e-10, atol=0
    )


def _released(student: list[Tensor], teacher: list[Tensor]) -> Tensor:
    """What the released code minimises, without weights: student and teacher are [weak, strong]."""
    p = teacher[0].softmax(-1).numpy()
    less_confident = torch.from_numpy(p.max(1) <= np.percentile(p.max(1), 50))
    rarer = torch.from_numpy(p.sum(0) <= np.percentile(p.sum(0), 50))
    total = torch.zeros((), dtype=torch.float64)
    for t in TEMPERATURES:
        p_s, p_t = (student[0] / t).softmax(-1), (teacher[0] / t).softmax(-1)
        batch = (p_t @ p_t.T - p_s @ p_s.T).square().sum() / len(p_s)
        classes = (p_t.T @ p_t - p_s.T @ p_s).square().sum() / p_s.shape[1]
        instance = kd_loss(student[0], teacher[0], temperature=t)
        total = total + (instance * less_confident).mean() + (batch * less_confident).mean() + (classes * rarer).mean()
        view = 1 if t in (4.0, 3.0, 5.0) else 0
        total = total + kd_loss(student[view], teacher[view], temperature=t)
    return total


@pytest.mark.parametrize("items", [7, 8])
def test_two_views_of_the_released_code(items: int) -> None:
    views = 2 * torch.randn(2, 2, items, 5, dtype=torch.float64)
    (weak_s, strong_s), (weak_t, strong_t) = views
    instance = {"batch_weight": 0.0, "class_weight": 0.0}
    ours = (
        mlld_loss(weak_s, weak_t, form="released")
        + mlld_loss(strong_s, strong_t, temperatures=(4.0, 3.0, 5.0), **instance)
        + mlld_loss(weak_s, weak_t, temperatures=(2.0, 6.0), **instance)
    )
    torch.testing.assert_close(ours, _released([weak_s, strong_s], [weak_t, strong_t]))


def test_the_released_masks_only_scale() -> None:
    student, teacher = _pair()  # 7 items and 5 classes: 4 and 3 are at most the median
    instance = {"batch_weight": 0.0, "class_weight": 0.0}
    ratio = mlld_loss(student, teacher, form="released", **instance) / mlld_loss(student, teacher, **instance)
    torch.testing.assert_close(ratio.item(), 4 / 7)
    classes = {"batch_weight": 0.0, "instance_weight": 0.0}
    ratio = mlld_loss(student, teacher, form="released", **classes) / mlld_loss(student, teacher, **classes)
    torch.testing.assert_close(ratio.item(), 3 / 5)


def test_every_temperature_must_be_positive_and_the_form_known() -> None:
    student, teacher = _pair()
    with pytest.raises(ValueError, match=r"^expected class_weight >= 0, found -1$"):
        mlld_loss(student, teacher, class_weight=-1)
    with pytest.raises(ValueError, match=r"^expected temperatures > 0, found 0$"):
        mlld_loss(student, teacher, temperatures=(2.0, 0))
    with pytest.raises(ValueError, match=r"^unknown form 'papers'; known: \"paper\", \"released\"$"):
        mlld_loss(student, teacher, form="papers")  # type: ignore[arg-type]
