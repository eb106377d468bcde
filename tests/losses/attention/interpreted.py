"""The Triton kernels in Triton's interpreter, on the CPU; `test_attention_kl_triton.py` runs this file.

Triton asks for the interpreter once, when it is imported: TRITON_INTERPRET=1 python -m pytest THIS FILE.
"""

from __future__ import annotations

import pytest
import torch

from losses.attention.maps import check_drawn, dense, random_maps
from xmodal.losses import attention_kl_loss
from xmodal.losses.attention import _triton
from xmodal.losses.attention import attention_kl as public
from xmodal.losses.attention._streamed import TILED, Kernels, kernels_for


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = Kernels(_triton.kl_rows, _triton.student_gradients)
    monkeypatch.setattr(public, "kernels_for", lambda *tensors: kernels)


@pytest.mark.parametrize("seed", range(1, 9))
def test_small_blocks_equal_the_dense_formula(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_triton, "_block", lambda *maps: 16)
    check_drawn(seed, torch.float32, 1e-4)


@pytest.mark.parametrize("seed", [1, 3])
def test_half_precision_is_lifted_to_float32(seed: int) -> None:
    """The interpreter multiplies the bits of bfloat16 as integers; that type is left to a device."""
    check_drawn(seed, torch.float16, 1e-3)


def test_masked_items_may_hold_nan() -> None:
    sq, sk, tq, tk = random_maps(torch.float32, lead=(1,), queries=20, keys=20)
    keep = torch.arange(20).unsqueeze(0) % 3 > 0
    expected = attention_kl_loss(sq, sk, tq, tk, query_mask=keep, key_mask=keep)
    broken = [x.masked_fill(~keep.unsqueeze(-1), float("nan")) for x in (sq, sk, tq, tk)]
    leaves = [x.requires_grad_() for x in broken[:2]]
    loss = attention_kl_loss(*broken, query_mask=keep, key_mask=keep)
    torch.testing.assert_close(loss, expected)
    for grad in torch.autograd.grad(loss, leaves):
        assert grad.isfinite().all()
        assert not grad[~keep].any()


def test_logits_of_ten_thousand_stay_exact() -> None:
    sq, sk, tq, tk = random_maps(lead=(), queries=9, keys=9)
    sq, tq = 1e4 * sq / (sq @ sk.mT).abs().max(), 1e4 * tq / (tq @ tk.mT).abs().max()
    given = [x.float() for x in (sq, sk, tq, tk)]
    expected = dense(*(x.double() for x in given), student_scale=1.0, teacher_scale=1.0)
    rows = attention_kl_loss(*given, student_scale=1.0, teacher_scale=1.0, reduction="none")
    assert (rows.double() - expected).abs().max() < 1e-5 * expected.abs().max()


def test_the_cpu_and_what_the_kernels_do_not_take_get_plain_torch() -> None:
    assert kernels_for(*random_maps(torch.float32)) is TILED
    assert _triton.takes(torch.zeros(1, 2, 256), torch.zeros(1, 2, 3, dtype=torch.bfloat16))
    assert not _triton.takes(torch.zeros(1, 2, 257))
    assert not _triton.takes(torch.zeros(1, 2, 3, dtype=torch.float64))
