"""Contrastive: reference numbers in float64, and what pairs and negatives do."""

import math

import pytest
import torch

from golden.inputs import method_input
from losses.check import assert_golden
from xmodal.losses import contrastive_loss


@pytest.mark.parametrize("entry", ["clip_rd/equal_dims", "clip_kd/equal_dims", "clip_kd/projected"])
def test_it_is_the_clip_task_loss_seen_from_images_and_from_texts(entry: str) -> None:
    image = method_input(entry, "image_features_s").requires_grad_()
    text = method_input(entry, "text_features_s").requires_grad_()
    assert_golden(contrastive_loss(image, text, temperature=1 / 20), entry, "task", {"image_features_s": image})
    assert_golden(contrastive_loss(text, image, temperature=1 / 20), entry, "task", {"text_features_s": text})


def test_embeddings_that_tell_nothing_apart_give_log_of_the_batch() -> None:
    same = torch.ones(8, 5, dtype=torch.float64)
    assert contrastive_loss(same, same).item() == pytest.approx(math.log(8))


def test_orthogonal_pairs_give_almost_zero() -> None:
    expected = math.log(1 + 7 * math.exp(-1 / 0.07))
    assert contrastive_loss(3 * torch.eye(8).double(), torch.eye(8).double()).item() == pytest.approx(expected)


def test_student_and_teacher_are_exchangeable_in_value() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(contrastive_loss(student, teacher), contrastive_loss(teacher, student))


def test_length_and_a_common_rotation_do_not_matter() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    turned = contrastive_loss(10 * student @ rotation, torch.rand(6, 1) * teacher @ rotation)
    torch.testing.assert_close(turned, contrastive_loss(student, teacher))


def test_a_masked_row_is_no_negative() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    mask = torch.tensor([True, True, True, True, True, False])
    teacher[5] = student[0]  # the hardest negative there can be
    unmasked = contrastive_loss(student, teacher, reduction="none")[0]
    assert contrastive_loss(student, teacher, reduction="none", mask=mask)[0] < unmasked - 0.1


def test_a_low_temperature_does_not_overflow() -> None:
    student, teacher = torch.randn(2, 6, 5)
    assert torch.isfinite(contrastive_loss(student, teacher, temperature=1e-4))
