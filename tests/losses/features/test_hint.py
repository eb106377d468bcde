"""Hint: reference numbers in float64."""

import torch
from torch.nn import functional as F

from golden.inputs import method_input
from losses.check import assert_golden
from xmodal.losses import hint_loss


def test_the_mean_over_teachers_is_theia_mse() -> None:
    student = {name: method_input("theia/loss", f"pred_{name}").requires_grad_() for name in ("clip", "dinov2")}
    terms = [hint_loss(x, method_input("theia/loss", f"target_{name}")) for name, x in student.items()]
    leaves = {f"pred_{name}": x for name, x in student.items()}
    assert_golden(torch.stack(terms).mean(), "theia/loss", "mse", leaves)


def test_on_unit_vectors_it_is_the_feature_term_of_pet_free_amyloid() -> None:
    student = method_input("pet_mri/losses", "student_emb").requires_grad_()
    loss = hint_loss(F.normalize(student), F.normalize(method_input("pet_mri/losses", "teacher_emb")))
    assert_golden(loss, "pet_mri/losses", "feature", {"student_emb": student})


def test_moving_both_changes_nothing_and_scaling_both_scales_by_the_square() -> None:
    student, teacher = torch.randn(2, 4, 3, 5, dtype=torch.float64)
    loss = hint_loss(student, teacher)
    torch.testing.assert_close(hint_loss(student + 2, teacher + 2), loss)
    torch.testing.assert_close(hint_loss(3 * student, 3 * teacher), 9 * loss)
