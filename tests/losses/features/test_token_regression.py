"""Regressions of a part of the features: truncated hint, hallucination, attended tokens."""

import pytest
import torch

from xmodal.losses import attended_token_loss, hallucination_loss, hint_loss, truncated_hint_loss


def _pair(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return student, teacher


def test_truncated_hint_does_not_see_the_further_channels() -> None:
    student, teacher = _pair(4, 3, 8)
    loss = truncated_hint_loss(student[..., :5], teacher)
    assert loss == hint_loss(student[..., :5], teacher[..., :5])
    teacher[..., 5:] = torch.nan
    assert truncated_hint_loss(student[..., :5], teacher) == loss


def test_truncated_hint_refuses_a_teacher_narrower_than_the_student() -> None:
    with pytest.raises(ValueError, match=r"Ds <= Dt, found student \[4, 8\] and teacher \[4, 5\]$"):
        truncated_hint_loss(torch.zeros(4, 8), torch.zeros(4, 5))


def test_hallucination_sums_over_a_layer_and_is_bounded_by_its_size() -> None:
    student, teacher = torch.full((2, 3, 4), 50.0), torch.full((2, 3, 4), -50.0)
    assert hallucination_loss(student, teacher).item() == pytest.approx(12)
    torch.testing.assert_close(hallucination_loss(student, teacher, reduction="none"), torch.full((2,), 12.0))


def test_hallucination_of_small_activations_is_a_sixteenth_of_the_squared_distance() -> None:
    student, teacher = _pair(4, 6)
    small = hallucination_loss(1e-4 * student, 1e-4 * teacher)
    torch.testing.assert_close(small, 1e-8 / 16 * (student - teacher).square().sum(1).mean(), rtol=1e-5, atol=0)


def test_only_the_attended_tokens_count() -> None:
    student, teacher = _pair(2, 4, 3)
    attention = torch.tensor([[0.1, 0.5, 0.0, 0.4], [0.7, 0.0, 0.2, 0.1]])
    loss = attended_token_loss(student, teacher, attention=attention, k=2)
    rows, tokens = torch.tensor([[0, 0, 1, 1], [1, 3, 0, 2]])
    torch.testing.assert_close(loss, hint_loss(student[rows, tokens], teacher[rows, tokens]))
    student[0, 0] += 100
    torch.testing.assert_close(attended_token_loss(student, teacher, attention=attention, k=2), loss)


def test_as_many_as_there_are_or_more_is_the_hint_loss() -> None:
    student, teacher = _pair(2, 4, 3)
    for k in (4, 16):
        loss = attended_token_loss(student, teacher, attention=torch.rand(2, 4), k=k)
        torch.testing.assert_close(loss, hint_loss(student, teacher))


def test_the_order_of_tokens_and_the_scale_of_the_attention_do_not_matter() -> None:
    student, teacher = _pair(2, 4, 3)
    attention, order = torch.rand(2, 4), torch.tensor([2, 0, 3, 1])
    loss = attended_token_loss(student, teacher, attention=attention, k=2)
    moved = attended_token_loss(student[:, order], teacher[:, order], attention=50 * attention[:, order], k=2)
    torch.testing.assert_close(moved, loss)


def test_masked_tokens_are_never_chosen() -> None:
    student, teacher = _pair(3, 4, 3)
    attention = torch.rand(3, 4)
    mask = torch.tensor([[True, True, False, True], [True, False, False, False], [False] * 4])
    attention[~mask] = torch.nan
    expected = [
        attended_token_loss(student[:1, mask[0]], teacher[:1, mask[0]], attention=attention[:1, mask[0]], k=2),
        attended_token_loss(student[1:2, :1], teacher[1:2, :1], attention=attention[1:2, :1], k=2),
    ]
    student[~mask] = torch.nan
    student.requires_grad_()
    items = attended_token_loss(student, teacher, attention=attention, k=2, mask=mask, reduction="none")
    torch.testing.assert_close(items, torch.stack([*expected, torch.zeros((), dtype=torch.float64)]))
    loss = attended_token_loss(student, teacher, attention=attention, k=2, mask=mask)
    torch.testing.assert_close(loss, (expected[0] + expected[1]) / 2)
    loss.backward()
    assert student.grad is not None
    assert not student.grad[~mask].any()


def test_attention_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"^expected attention \[2, 4\], found \[2, 5\]$"):
        attended_token_loss(*_pair(2, 4, 3), attention=torch.rand(2, 5))
