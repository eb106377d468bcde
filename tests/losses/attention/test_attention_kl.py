"""Attention KL: the properties that every loss has, for four tensors and two masks."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor

from losses.attention.cases import APART_FROM_TABLE
from losses.attention.maps import NK, NQ, B, H, random_maps
from losses.attention.slow_attention import attention_kl
from xmodal import losses
from xmodal.losses import AttentionKLLoss, attention_kl_loss

DIRECTIONS = pytest.mark.parametrize("direction", ["forward", "reverse"])
OPTIONS: dict[str, dict[str, Any]] = {
    "full": {},
    "reverse": {"direction": "reverse", "student_scale": 0.7},
    "causal": {"causal": True, "teacher_scale": 1.3},
    "top_left": {"causal": True, "causal_align": "top_left", "direction": "reverse"},
}
EVERY = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
SOME_QUERIES = torch.arange(B * H * NQ).reshape(B, H, NQ) % 3 != 1
SOME_KEYS = torch.arange(B * H * NK).reshape(B, H, NK) % 3 != 1
NAN = float("nan")


def _leaves(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    sq, sk, tq, tk = random_maps(dtype)
    return sq.requires_grad_(), sk.requires_grad_(), tq, tk


def test_the_names_stand_beside_the_table_of_losses() -> None:
    assert all(hasattr(losses, name) for pair in APART_FROM_TABLE.items() for name in pair)


@EVERY
def test_the_loss_equals_its_slow_formula(options: dict[str, Any]) -> None:
    maps = random_maps()
    expected = torch.from_numpy(attention_kl(*(x.numpy() for x in maps), **options))
    rows = attention_kl_loss(*maps, **options, reduction="none")
    torch.testing.assert_close(rows, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(attention_kl_loss(*maps, **options), expected.mean(), rtol=1e-10, atol=1e-12)


@EVERY
def test_the_module_only_stores_hyperparameters(options: dict[str, Any]) -> None:
    maps, masks = random_maps(), {"query_mask": SOME_QUERIES, "key_mask": SOME_KEYS}
    module = AttentionKLLoss(**options, reduction="none")
    assert not module.state_dict()
    assert torch.equal(module(*maps), attention_kl_loss(*maps, **options, reduction="none"))
    assert torch.equal(module(*maps, **masks), attention_kl_loss(*maps, **options, reduction="none", **masks))


def test_function_and_module_have_the_same_keyword_only_defaults() -> None:
    given = list(inspect.signature(attention_kl_loss).parameters.values())
    assert [p.name for p in given[:4]] == ["student_query", "student_key", "teacher_query", "teacher_key"]
    assert all(p.kind is p.KEYWORD_ONLY for p in given[4:])
    stored = {p.name: p.default for p in inspect.signature(AttentionKLLoss).parameters.values()}
    assert stored == {p.name: p.default for p in given[4:] if not p.name.endswith("_mask")}


@DIRECTIONS
def test_identical_maps_give_zero(direction: Any) -> None:
    sq, sk, _, _ = random_maps()
    assert attention_kl_loss(sq, sk, sq, sk, direction=direction).abs() < 1e-12


@DIRECTIONS
def test_a_permuted_teacher_increases_the_loss(direction: Any) -> None:
    sq, sk, _, _ = random_maps()
    near = sq + 0.05 * torch.randn_like(sq)
    loss = attention_kl_loss(near, sk, sq, sk, direction=direction)
    assert attention_kl_loss(near, sk, sq.roll(1, 0), sk.roll(1, 0), direction=direction) > 1.1 * loss


def test_batch_and_heads_are_one_by_one() -> None:
    maps = random_maps()
    rows = attention_kl_loss(*maps, causal=True, reduction="none")
    for b, h in torch.cartesian_prod(torch.arange(B), torch.arange(H)).tolist():
        alone = attention_kl_loss(*(x[b, h] for x in maps), causal=True, reduction="none")
        torch.testing.assert_close(rows[b, h], alone)


@EVERY
def test_masking_queries_equals_removing_their_rows(options: dict[str, Any]) -> None:
    sq, sk, tq, tk = _leaves()
    rows = attention_kl_loss(sq, sk, tq, tk, **options, reduction="none")
    expected = torch.autograd.grad(rows[SOME_QUERIES].mean(), (sq, sk))
    broken = (sq.detach().masked_fill(~SOME_QUERIES.unsqueeze(-1), NAN).requires_grad_(), sk)
    broken_teacher = (tq.masked_fill(~SOME_QUERIES.unsqueeze(-1), NAN), tk)
    loss = attention_kl_loss(*broken, *broken_teacher, **options, query_mask=SOME_QUERIES)
    torch.testing.assert_close(loss, rows[SOME_QUERIES].mean(), rtol=1e-10, atol=1e-12)
    for grad, other in zip(torch.autograd.grad(loss, broken), expected, strict=True):
        torch.testing.assert_close(grad, other, rtol=1e-9, atol=1e-12)
    items = attention_kl_loss(*broken, *broken_teacher, **options, query_mask=SOME_QUERIES, reduction="none")
    assert not items[~SOME_QUERIES].any()


@DIRECTIONS
def test_masking_keys_equals_removing_them(direction: Any) -> None:
    sq, sk, tq, tk = _leaves()
    keep = torch.tensor([True, False, True, True, False, True, False])
    removed = attention_kl_loss(sq, sk[..., keep, :], tq, tk[..., keep, :], direction=direction)
    expected = torch.autograd.grad(removed, (sq, sk))
    broken = (sq, sk.detach().masked_fill(~keep.unsqueeze(-1), NAN).requires_grad_())
    broken_teacher = (tq, tk.masked_fill(~keep.unsqueeze(-1), NAN))
    loss = attention_kl_loss(*broken, *broken_teacher, direction=direction, key_mask=keep)
    torch.testing.assert_close(loss, removed, rtol=1e-10, atol=1e-12)
    for grad, other in zip(torch.autograd.grad(loss, broken), expected, strict=True):
        torch.testing.assert_close(grad, other, rtol=1e-9, atol=1e-12)


@EVERY
def test_rows_that_see_nothing_are_zero_and_count_in_the_mean(options: dict[str, Any]) -> None:
    sq, sk, tq, tk = _leaves()
    keys = SOME_KEYS.clone()
    keys[0] = False
    with torch.autograd.set_detect_anomaly(True):  # no NaN on the way back either
        rows = attention_kl_loss(sq, sk, tq, tk, **options, key_mask=keys, reduction="none")
        assert not rows[0].any()
        mean = attention_kl_loss(sq, sk, tq, tk, **options, key_mask=keys)
        torch.testing.assert_close(mean, rows.mean())
        grad_query, grad_key = torch.autograd.grad(mean, (sq, sk))
    assert not grad_query[0].any()
    assert not grad_key[0].any()
    assert grad_query[1].any()


def test_queries_before_the_first_key_see_nothing() -> None:
    maps = random_maps(queries=6, keys=4)
    rows = attention_kl_loss(*maps, causal=True, reduction="none")
    assert not rows[..., :3].any()  # the third sees one key, and one probability is 1
    assert (rows[..., 3:] > 0).all()


@EVERY
def test_a_mask_without_any_query_or_key_gives_zero_and_no_gradient(options: dict[str, Any]) -> None:
    sq, sk, tq, tk = _leaves()
    masks = {"query_mask": torch.zeros(B, H, NQ, dtype=torch.bool), "key_mask": torch.zeros(B, NK, dtype=torch.bool)}
    for name, mask in masks.items():
        loss = attention_kl_loss(sq, sk, tq, tk, **options, **{name: mask})
        assert loss == 0
        assert not any(grad.any() for grad in torch.autograd.grad(loss, (sq, sk)))


def test_a_mask_may_leave_out_the_heads() -> None:
    maps, mask = random_maps(), torch.arange(B * NK).reshape(B, NK) % 4 > 0
    spread = attention_kl_loss(*maps, key_mask=mask.unsqueeze(1).expand(B, H, NK))
    assert torch.equal(attention_kl_loss(*maps, key_mask=mask), spread)
    assert not torch.equal(attention_kl_loss(*maps, key_mask=mask[0]), spread)


@EVERY
def test_gradients_are_those_of_the_value(options: dict[str, Any]) -> None:
    sq, sk, tq, tk = random_maps(lead=(2,), queries=3, keys=4, width=2)
    sq, sk = sq.requires_grad_(), sk.requires_grad_()
    some = {"query_mask": torch.arange(6).reshape(2, 3) % 3 != 1, "key_mask": torch.arange(8).reshape(2, 4) % 3 != 1}
    masks: list[dict[str, Tensor]] = [{}, some]
    for mask in masks:
        assert torch.autograd.gradcheck(lambda q, k, m=mask: attention_kl_loss(q, k, tq, tk, **options, **m), (sq, sk))


@DIRECTIONS
def test_the_teacher_gets_no_gradient(direction: Any) -> None:
    maps = [x.requires_grad_() for x in random_maps()]
    attention_kl_loss(*maps, direction=direction).backward()
    assert all(x.grad is not None and x.grad.any() for x in maps[:2])
    assert all(x.grad is None for x in maps[2:])
    frozen = attention_kl_loss(*(x.detach() for x in maps[:2]), *maps[2:], direction=direction)
    assert not frozen.requires_grad


@EVERY
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision_is_lifted_to_float32(options: dict[str, Any], half: torch.dtype) -> None:
    maps = [x.to(half) for x in random_maps()]
    leaves = [x.clone().requires_grad_() for x in maps[:2]]
    low = attention_kl_loss(*leaves, *maps[2:], **options)
    assert low.dtype == torch.float32
    wide = [x.float().requires_grad_() for x in maps[:2]]
    expected = attention_kl_loss(*wide, *(x.float() for x in maps[2:]), **options)
    assert torch.equal(low, expected)
    for grad, other in zip(torch.autograd.grad(low, leaves), torch.autograd.grad(expected, wide), strict=True):
        assert torch.equal(grad, other.to(half))


def test_float64_stays_and_wins_over_float32() -> None:
    sq, sk, tq, tk = random_maps()
    assert attention_kl_loss(sq, sk, tq.float(), tk.float()).dtype == torch.float64
    assert attention_kl_loss(sq.float(), sk.float(), tq.float(), tk).dtype == torch.float64
    assert attention_kl_loss(*(x.float() for x in (sq, sk, tq, tk))).dtype == torch.float32


def test_autocast_does_not_lower_the_precision() -> None:
    sq, sk, tq, tk = _leaves(torch.float32)
    expected = attention_kl_loss(sq, sk, tq, tk)
    grads = torch.autograd.grad(expected, (sq, sk))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = attention_kl_loss(sq, sk, tq, tk)
        inside_grads = torch.autograd.grad(inside, (sq, sk))
    assert torch.equal(inside, expected)
    assert all(torch.equal(a, b) for a, b in zip(grads, inside_grads, strict=True))


@EVERY
def test_rows_of_zeros_have_bounded_gradients(options: dict[str, Any]) -> None:
    sq, sk, tq, tk = random_maps(torch.float32)
    leaves = (torch.zeros_like(sq).requires_grad_(), torch.zeros_like(sk).requires_grad_())
    attention_kl_loss(*leaves, tq, tk, **options).backward()
    assert all(x.grad is not None and x.grad.abs().max() < 100 for x in leaves)


def test_empty_batches_queries_and_keys_give_zero() -> None:
    for sizes in ({"lead": (0, 2)}, {"queries": 0}, {"keys": 0}):
        sq, sk, tq, tk = random_maps(**sizes)  # type: ignore[arg-type]
        loss = attention_kl_loss(sq.requires_grad_(), sk.requires_grad_(), tq, tk)
        assert loss == 0
        assert not any(grad.any() for grad in torch.autograd.grad(loss, (sq, sk)))
