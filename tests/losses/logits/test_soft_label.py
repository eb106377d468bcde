"""Soft labels: no outside numbers for the value, so its gradient is held against KD's, and its least value is known."""

import pytest
import torch

from golden.inputs import method_grad, method_input
from xmodal.losses import kd_loss, soft_label_loss


def _entropy(logits: torch.Tensor) -> torch.Tensor:
    return torch.distributions.Categorical(logits=logits).entropy().mean()


def test_its_gradient_at_temperature_one_is_trl_forward_kl() -> None:
    entry = "trl/generalized_jsd"
    student = method_input(entry, "logits_s (B,L,V)").requires_grad_()
    mask = torch.ones(2, 5, dtype=torch.bool)
    mask[:, 0] = mask[0, 1] = False
    soft_label_loss(student, method_input(entry, "logits_t"), mask=mask).backward()
    assert student.grad is not None
    expected = method_grad(entry, "beta0_T1.0", "logits_s (B,L,V)")
    assert student.grad.norm().item() == pytest.approx(expected, rel=1e-9)


def test_it_is_kd_plus_the_entropy_of_the_labels() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    expected = kd_loss(student, teacher / 3, temperature=1.0) + _entropy(teacher / 3)
    torch.testing.assert_close(soft_label_loss(student, teacher, temperature=3.0), expected)


def test_it_is_least_where_the_student_is_the_softened_teacher() -> None:
    teacher = torch.randn(4, 6, dtype=torch.float64)
    student = (teacher / 3 + 1.5).requires_grad_()
    loss = soft_label_loss(student, teacher, temperature=3.0)
    loss.backward()
    torch.testing.assert_close(loss, _entropy(teacher / 3))
    assert student.grad is not None
    assert student.grad.abs().max() < 1e-15


def test_a_sure_teacher_gives_the_cross_entropy_of_its_class() -> None:
    student = torch.randn(4, 6, dtype=torch.float64)
    label = torch.tensor([2, 0, 5, 2])
    teacher = 1e3 * torch.nn.functional.one_hot(label, 6).double()
    expected = torch.nn.functional.cross_entropy(student, label)
    torch.testing.assert_close(soft_label_loss(student, teacher), expected)


def test_softening_leaves_the_student_at_temperature_one_and_adds_no_t_squared() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    uniform = -student.log_softmax(-1).mean()
    torch.testing.assert_close(soft_label_loss(student, teacher, temperature=1e6), uniform, rtol=1e-4, atol=0)
