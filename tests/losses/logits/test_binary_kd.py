"""Binary KD: EfficientAT's values, and its relation to KD over two classes."""

import pytest
import torch

from golden.inputs import method_grad, method_input, method_value
from xmodal.losses import binary_kd_loss, kd_loss

AUDIO = "efficientat"


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_plain_kd_term_of_efficientat(temperature: float) -> None:
    student = method_input(AUDIO, "y_hat logits").requires_grad_()
    items = binary_kd_loss(
        student, method_input(AUDIO, "teacher logits"), temperature=temperature, softened="teacher", reduction="none"
    )
    known = torch.arange(6) < 5
    # There the last sample lacks a teacher's answer: it adds nothing but is counted in the mean.
    loss = 0.9 * (items * known[:, None]).mean()
    name = f"T{temperature}_plain_kd_x.9"
    assert loss.item() == pytest.approx(method_value(AUDIO, name), rel=1e-9)
    (grad,) = torch.autograd.grad(loss, student)
    assert grad.norm().item() == pytest.approx(method_grad(AUDIO, name, "y_hat logits"), rel=1e-9)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_a_mask_counts_only_the_samples_with_a_teacher(temperature: float) -> None:
    student, teacher = method_input(AUDIO, "y_hat logits"), method_input(AUDIO, "teacher logits")
    teacher[5] = torch.nan
    loss = binary_kd_loss(student, teacher, temperature=temperature, softened="teacher", mask=torch.arange(6) < 5)
    assert (0.9 * loss * 5 / 6).item() == pytest.approx(method_value(AUDIO, f"T{temperature}_plain_kd_x.9"), rel=1e-9)


def test_certain_answers_give_the_label_term_of_efficientat() -> None:
    student = method_input(AUDIO, "y_hat logits")
    labels = (torch.arange(60).reshape(6, 10) % 4 == 0).double()
    certain = 1e3 * (2 * labels - 1)
    expected = method_value(AUDIO, "T1.0_plain_label_x.1")
    assert (0.1 * binary_kd_loss(student, certain)).item() == pytest.approx(expected, rel=1e-9)


def test_it_is_kd_over_two_classes_plus_the_entropy_of_the_answers() -> None:
    student, teacher = torch.randn(2, 6, dtype=torch.float64)
    zero = torch.zeros(6, dtype=torch.float64)
    two = kd_loss(torch.stack([student, zero], -1), torch.stack([teacher, zero], -1), temperature=3.0)
    entropy = torch.distributions.Bernoulli(logits=teacher / 3.0).entropy().mean()
    torch.testing.assert_close(binary_kd_loss(student, teacher, temperature=3.0), two + 9 * entropy)


def test_at_temperature_one_both_forms_agree() -> None:
    student, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    torch.testing.assert_close(
        binary_kd_loss(student, teacher, softened="teacher"), binary_kd_loss(student, teacher, softened="both")
    )


@pytest.mark.parametrize("softened", ["both", "teacher"])
def test_where_it_is_least(softened: str) -> None:
    teacher = torch.randn(6, 4, dtype=torch.float64)
    student = (teacher / 3 if softened == "teacher" else teacher.clone()).requires_grad_()
    binary_kd_loss(student, teacher, temperature=3.0, softened=softened).backward()  # type: ignore[arg-type]
    assert student.grad is not None
    assert student.grad.abs().max() < 1e-15


def test_yes_and_no_may_change_places() -> None:
    student, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    torch.testing.assert_close(
        binary_kd_loss(-student, -teacher, temperature=2.0), binary_kd_loss(student, teacher, temperature=2.0)
    )


def test_logits_far_apart_stay_finite_and_options_are_known() -> None:
    student, teacher = torch.tensor([3e4, -3e4]), torch.tensor([-3e4, 3e4])
    assert binary_kd_loss(student, teacher, temperature=1.0) == 3e4
    with pytest.raises(ValueError, match=r"^unknown softened 'student'; known: \"both\", \"teacher\"$"):
        binary_kd_loss(student, teacher, softened="student")  # type: ignore[arg-type]
