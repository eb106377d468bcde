"""BiLD: its two leads, what counts, and pairs that are never formed."""

import pytest
import torch

from golden.inputs import method_input
from losses.check import assert_golden
from xmodal.losses import BiLDLoss, bild_loss
from xmodal.losses.logits._pairs import pair_divergence


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, 4, 3, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return 3 * student, 3 * teacher


def test_the_defaults_are_those_of_the_released_code() -> None:
    student = method_input("bild", "logits_s (B,L,V)").requires_grad_()
    mask = torch.arange(6).expand(2, 6) > 1
    loss = BiLDLoss()(student, method_input("bild", "logits_t"), mask=mask)
    assert_golden(loss, "bild", "BiLD", {"logits_s (B,L,V)": student})


def test_it_is_the_sum_of_its_two_leads() -> None:
    parts = bild_loss(*_pair(), lead="teacher") + bild_loss(*_pair(), lead="student")
    torch.testing.assert_close(bild_loss(*_pair()), parts)


def test_classes_outside_the_leaders_top_do_not_count() -> None:
    student, teacher = _pair()
    outside = torch.ones_like(teacher, dtype=torch.bool).scatter(-1, teacher.topk(8).indices, False)
    changed = torch.where(outside, student.flip(0), student)
    torch.testing.assert_close(bild_loss(changed, teacher, lead="teacher"), bild_loss(student, teacher, lead="teacher"))
    assert (bild_loss(changed, teacher, lead="student") - bild_loss(student, teacher, lead="student")).abs() > 1e-3


def test_a_constant_added_to_all_logits_of_a_token_changes_nothing() -> None:
    student, teacher = _pair()
    shifted = bild_loss(student + torch.randn(4, 3, 1), teacher + torch.randn(4, 3, 1))
    torch.testing.assert_close(shifted, bild_loss(student, teacher))


def test_the_same_permutation_of_classes_changes_nothing() -> None:
    student, teacher = _pair()
    order = torch.randperm(20)
    torch.testing.assert_close(bild_loss(student[..., order], teacher[..., order]), bild_loss(student, teacher))


def test_temperature_only_scales_the_logits() -> None:
    student, teacher = _pair()
    scaled = bild_loss(student / 5, teacher / 5, temperature=1.0)
    torch.testing.assert_close(bild_loss(student, teacher, temperature=5.0), scaled)


def test_two_classes_have_one_pair_and_nothing_to_compare() -> None:
    student, teacher = _pair()
    assert bild_loss(student, teacher, top_k=2).abs() < 1e-12


@pytest.mark.parametrize("top_k", [1, 21])
def test_a_top_k_that_is_not_there_is_named(top_k: int) -> None:
    with pytest.raises(ValueError, match=rf"^expected top_k in \[2, 20\], found {top_k}$"):
        bild_loss(*_pair(), top_k=top_k)


def test_an_unknown_lead_is_named() -> None:
    with pytest.raises(ValueError, match=r'^unknown lead \'me\'; known: "both", "teacher", "student"$'):
        bild_loss(*_pair(), lead="me")  # type: ignore[arg-type]


def _formed(p: torch.Tensor, q: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """The same divergence with all pairs in memory."""
    items = []
    for a, b, k in zip(p, q, count.tolist(), strict=True):
        i, j = torch.triu_indices(k, k, offset=1)
        log_p, log_q = (a[i] - a[j]).log_softmax(0), (b[i] - b[j]).log_softmax(0)
        items.append((log_p.exp() * (log_p - log_q)).sum())
    return torch.stack(items)


@pytest.mark.parametrize("scale", [0.1, 3.0, 100.0])
def test_pairs_that_are_not_formed_give_the_same_value_and_gradients(scale: float) -> None:
    generator = torch.Generator().manual_seed(1)
    p, q = scale * torch.randn(2, 9, 40, generator=generator, dtype=torch.float64)  # in no order at all
    count = torch.tensor([2, 3, 5, 8, 13, 21, 34, 39, 40])
    p.requires_grad_(), q.requires_grad_()
    value, expected = pair_divergence(p, q, count), _formed(p, q, count)
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-12 * scale)
    weight = torch.linspace(-1, 2, 9, dtype=torch.float64)
    found = torch.autograd.grad((value * weight).sum(), (p, q))
    wanted = torch.autograd.grad((expected * weight).sum(), (p, q))
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12 * scale)


def test_logits_far_apart_stay_finite() -> None:
    student = torch.tensor([[3e4, -3e4, 0.0]], requires_grad=True)
    loss = bild_loss(student, torch.tensor([[-3e4, 3e4, 0.0]]), top_k=3, temperature=1.0)
    loss.backward()
    assert loss.isfinite()
    assert student.grad is not None
    assert student.grad.isfinite().all()
