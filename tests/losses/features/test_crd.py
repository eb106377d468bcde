"""CRD: the pure loss of one direction, and both directions with heads and memory."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses import CRDLoss, crd_loss

N = 40


def _batch() -> dict[str, Tensor]:
    return {"student": torch.randn(4, 3), "teacher": torch.randn(4, 5), "index": torch.tensor([7, 0, 39, 21])}


def _module(**options: Any) -> CRDLoss:
    torch.manual_seed(0)
    return CRDLoss(3, 5, N, dim=8, negatives=6, **options)


def test_an_own_pair_far_closer_than_all_others_costs_next_to_nothing() -> None:
    student = torch.eye(4, dtype=torch.float64)
    negatives = -student.unsqueeze(1).expand(4, 3, 4)
    options: dict[str, Any] = {"negatives": negatives, "num_samples": 100, "normaliser": 100.0}
    assert crd_loss(student, student, **options) < 1e-3
    assert crd_loss(student, -student, **options) > 5


def test_values_far_apart_stay_finite() -> None:
    student = torch.full((1, 2), 1e3, requires_grad=True)
    loss = crd_loss(student, -student, negatives=student.detach().unsqueeze(1), num_samples=9, normaliser=1.0)
    loss.backward()
    assert torch.isfinite(loss)
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()


def test_nan_in_a_masked_negative_does_no_harm() -> None:
    student, teacher, negatives = torch.randn(3, 4), torch.randn(3, 4), torch.randn(3, 5, 4)
    negatives[1] = torch.nan
    mask = torch.tensor([True, False, True])
    loss = crd_loss(student, teacher, negatives=negatives, num_samples=9, normaliser=9.0, temperature=1.0, mask=mask)
    assert torch.isfinite(loss)


def test_negatives_that_do_not_fit_are_named() -> None:
    x = torch.zeros(3, 4)
    with pytest.raises(ValueError, match=r"^expected negatives \[3, K > 0, 4\], found \[3, 5\]$"):
        crd_loss(x, x, negatives=torch.zeros(3, 5), num_samples=9, normaliser=9.0)


@pytest.mark.parametrize("form", ["released", "paper"])
def test_the_module_is_the_sum_of_both_directions_and_then_updates_the_memory(form: Any) -> None:
    module, batch = _module(form=form), _batch()
    negatives = module.memory.draw(batch["index"], 6)
    banks = {name: bank.clone() for name, bank in module.memory.named_buffers()}
    ours, theirs = (
        F.normalize(module.student_head(batch["student"])),
        F.normalize(module.teacher_head(batch["teacher"])),
    )
    own_theirs, own_ours = theirs, ours
    if form == "released":
        own_theirs, own_ours = banks["teacher"][batch["index"]], banks["student"][batch["index"]]

    def half(anchor: Tensor, own: Tensor, bank: Tensor) -> Tensor:
        candidates = torch.cat([own.unsqueeze(1), bank[negatives]], dim=1)
        h = torch.einsum("bd,bkd->bk", anchor, candidates).div(0.07).exp()
        h = h / (h.mean() * N)
        found = (h[:, 0] / (h[:, 0] + 6 / N + 1e-7)).log()
        refused = (6 / N / (h[:, 1:] + 6 / N + 1e-7)).log()
        return -(found.sum() + refused.sum()) / 4

    expected = half(ours, own_theirs, banks["teacher"]) + half(theirs, own_ours, banks["student"])
    torch.testing.assert_close(module(**batch, negatives=negatives), expected)
    updated = F.normalize(banks["student"][batch["index"]] / 2 + ours / 2)
    torch.testing.assert_close(module.memory.student[batch["index"]], updated)
    torch.testing.assert_close(module.memory.teacher[batch["index"]].norm(dim=1), torch.ones(4))


@pytest.mark.parametrize("form", ["released", "paper"])
def test_both_heads_and_the_student_learn_and_the_teacher_does_not(form: Any) -> None:
    module, batch = _module(form=form), _batch()
    batch["student"].requires_grad_()
    batch["teacher"].requires_grad_()
    module(**batch).backward()
    assert batch["student"].grad is not None
    assert batch["teacher"].grad is None
    assert all(p.grad is not None and p.grad.any() for p in module.parameters())


def test_the_normalisers_stay_as_the_first_call_set_them() -> None:
    module = _module()
    assert not module.normalisers.any()
    module(**_batch())
    first = module.normalisers.clone()
    assert (first > 0).all()
    module(**_batch())
    assert torch.equal(module.normalisers, first)


def test_a_resumed_module_goes_on_as_if_nothing_had_happened() -> None:
    module, batches = _module(seed=3), [_batch() for _ in range(3)]
    module(**batches[0])
    resumed = _module(seed=4)
    resumed.load_state_dict(module.state_dict())
    for batch in batches[1:]:
        assert torch.equal(resumed(**batch), module(**batch))
    assert torch.equal(resumed.memory.student, module.memory.student)


def test_in_evaluation_mode_the_memory_stays() -> None:
    module = _module().eval()
    bank = module.memory.student.clone()
    module(**_batch())
    assert torch.equal(module.memory.student, bank)


def test_a_masked_sample_leaves_no_trace() -> None:
    mask = torch.tensor([True, False, True, True])
    masked, removed, batch = _module(reduction="none"), _module(reduction="none"), _batch()
    negatives = torch.randint(N, (4, 6))
    expected = removed(**{name: x[mask] for name, x in batch.items()}, negatives=negatives[mask])
    batch["student"][1] = batch["teacher"][1] = torch.nan
    batch["index"][1] = -1
    found = masked(**batch, negatives=negatives, mask=mask)
    torch.testing.assert_close(found[mask], expected)
    assert found[1] == 0
    torch.testing.assert_close(masked.state_dict(), removed.state_dict())
    grads = torch.autograd.grad(found.sum(), list(masked.parameters()))
    torch.testing.assert_close(grads, torch.autograd.grad(expected.sum(), list(removed.parameters())))


def test_a_first_batch_without_any_sample_that_counts_sets_nothing() -> None:
    module, batch = _module(), _batch()
    bank = module.memory.student.clone()
    loss = module(**batch, mask=torch.zeros(4, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert not module.normalisers.any()
    assert torch.equal(module.memory.student, bank)
    assert not any(p.grad.any() for p in module.parameters() if p.grad is not None)
    assert torch.isfinite(module(**batch))


def test_training_tells_samples_apart() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(N, 5)
    module = CRDLoss(3, 5, N, dim=8, negatives=20)
    student = torch.randn(N, 3)
    features = torch.nn.Parameter(student)
    optimiser = torch.optim.Adam([features, *module.parameters()], lr=0.03)
    losses = []
    for step in range(80):
        index = torch.arange(step % 2, N, 2)
        optimiser.zero_grad()
        loss = module(features[index], teacher[index], index=index)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-4:]) < 0.7 * sum(losses[2:6])


def test_half_precision_features_and_autocast_give_float32() -> None:
    module, batch = _module(), _batch()
    batch["student"] = batch["student"].bfloat16()
    assert module(**batch).dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module(**batch).dtype == torch.float32


def test_what_does_not_fit_is_named() -> None:
    module, batch = _module(), _batch()
    with pytest.raises(ValueError, match=r"^expected sample numbers in \[0, 40\), found 0 to 40$"):
        module(batch["student"], batch["teacher"], index=torch.tensor([0, 1, 2, 40]))
    with pytest.raises(ValueError, match=r"^expected sample numbers in \[0, 40\), found 0 to 99$"):
        module(**batch, negatives=torch.tensor([[0, 99]] * 4))
    with pytest.raises(ValueError, match=r"^expected index \[4\], found \[3\]$"):
        module(batch["student"], batch["teacher"], index=torch.arange(3))
    with pytest.raises(ValueError, match=r'^unknown form \'code\'; known: "released", "paper"$'):
        _module(form="code")
