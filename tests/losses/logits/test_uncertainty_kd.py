"""KD weighted by the teacher's confidence: what the weights are, and when it is plain KD."""

import torch

from xmodal.losses import kd_loss, uncertainty_kd_loss


def test_with_one_confidence_for_all_it_is_kd() -> None:
    student, row = torch.randn(4, 6, dtype=torch.float64), torch.randn(6, dtype=torch.float64)
    teacher = torch.stack([row.roll(i) for i in range(4)])
    torch.testing.assert_close(uncertainty_kd_loss(student, teacher), kd_loss(student, teacher))


def test_with_a_teacher_that_knows_nothing_it_is_kd() -> None:
    student = torch.randn(4, 6, dtype=torch.float64)
    for teacher in (torch.zeros(4, 6).double(), 1e-9 * torch.randn(4, 6).double()):
        torch.testing.assert_close(uncertainty_kd_loss(student, teacher), kd_loss(student, teacher))


def test_an_unsure_item_counts_for_nothing_and_the_sure_ones_for_two() -> None:
    student = torch.randn(4, 6, dtype=torch.float64)
    teacher = torch.zeros(4, 6, dtype=torch.float64)
    teacher[[0, 1], [3, 4]] = 100.0
    items = uncertainty_kd_loss(student, teacher, reduction="none")
    weights = torch.tensor([2.0, 2.0, 0.0, 0.0], dtype=torch.float64)
    torch.testing.assert_close(items, weights * kd_loss(student, teacher, reduction="none"), rtol=1e-9, atol=1e-12)


def test_the_weights_average_to_one_over_the_tokens_that_count() -> None:
    student, teacher = torch.randn(2, 4, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mask = torch.arange(12).reshape(4, 3) % 5 > 1
    weighted = uncertainty_kd_loss(student, teacher, reduction="none", mask=mask)
    weights = weighted[mask] / kd_loss(student, teacher, reduction="none")[mask]
    torch.testing.assert_close(weights.mean().item(), 1.0)
    assert weights.std() > 0.05


def test_confidence_does_not_depend_on_the_temperature_of_the_divergence() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)

    def weights(temperature: float) -> torch.Tensor:
        plain = kd_loss(student, teacher, temperature=temperature, reduction="none")
        return uncertainty_kd_loss(student, teacher, temperature=temperature, reduction="none") / plain

    torch.testing.assert_close(weights(1.0), weights(8.0))


def test_one_class_has_no_uncertainty_and_no_loss() -> None:
    assert uncertainty_kd_loss(torch.randn(4, 1), torch.randn(4, 1)) == 0
