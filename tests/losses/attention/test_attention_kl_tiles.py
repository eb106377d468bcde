"""Attention KL in tiles and threads: random shapes against both maps in memory, and what a large one needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from losses.attention.maps import dense, drawn, random_maps, rows_and_gradients
from xmodal.losses import attention_kl_loss
from xmodal.losses.attention import _threads, _tiles

RANDOM_SHAPES = 200


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small maps consist of many tiles, of which the last ones are cut off."""
    monkeypatch.setattr(_tiles, "ROWS", 8)
    monkeypatch.setattr(_tiles, "ENTRIES", 8 * 12)


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = torch.get_num_threads()
    monkeypatch.setattr(_threads, "WORTH", 1)
    torch.set_num_threads(3)
    yield
    assert torch.get_num_threads() == 3
    torch.set_num_threads(before)


TOLERANCES = {torch.float64: (1e-12, 1e-12), torch.float32: (1e-5, 1e-4), torch.bfloat16: (1e-5, 1e-2)}
"""Of rows and of gradients, relative to the largest of each, at least 1; bfloat16 gradients are rounded at the end."""


def _check(seed: int) -> None:
    """Rows and gradients in every precision against the dense formula in float64."""
    maps, options, upstream = drawn(seed)
    wide = [x.clone().requires_grad_() for x in maps[:2]]
    expected = rows_and_gradients(dense(*wide, *maps[2:], **options), wide, upstream)
    for dtype, (of_rows, of_gradients) in TOLERANCES.items():
        leaves = [x.to(dtype).requires_grad_() for x in maps[:2]]
        rows = attention_kl_loss(*leaves, *(x.to(dtype) for x in maps[2:]), **options, reduction="none")
        found = rows_and_gradients(rows, leaves, upstream)
        for a, b, allowed in zip(found, expected, (of_rows, of_gradients, of_gradients), strict=True):
            error = (a.double() - b).abs().max() / b.abs().max().clamp_min(1)
            assert error <= allowed, (seed, dtype, options)


@pytest.mark.usefixtures("small_tiles")
def test_random_maps_equal_the_dense_formula() -> None:
    for seed in range(RANDOM_SHAPES):
        _check(seed)


@pytest.mark.usefixtures("small_tiles", "three_threads")
def test_threads_compute_the_same() -> None:
    for seed in range(30):
        _check(seed)


@pytest.mark.usefixtures("small_tiles", "three_threads")
def test_threads_repeat_to_the_bit() -> None:
    maps = random_maps(torch.float32, lead=(1,), queries=50, keys=50)
    leaves = [x.requires_grad_() for x in maps[:2]]
    runs = [torch.autograd.grad(attention_kl_loss(*maps, causal=True), leaves) for _ in range(5)]
    assert all(torch.equal(a, b) for run in runs for a, b in zip(run, runs[0], strict=True))


@pytest.mark.usefixtures("small_tiles", "three_threads")
def test_an_error_in_a_thread_is_raised_and_the_number_of_threads_stays() -> None:
    shares = _tiles.shares(_tiles.AttentionMap(*random_maps(lead=(1,), queries=50)[:2], 1.0), _tiles.Sight(None, None))
    assert len(shares) == 3

    def fail(share: _tiles.Share) -> None:
        raise RuntimeError("in a thread")

    with pytest.raises(RuntimeError, match="in a thread"):
        _threads.in_threads(fail, shares)


def test_every_query_tile_is_in_one_share() -> None:
    for lead, queries in (((1,), 900), ((40,), 300), ((3,), 7)):
        like = _tiles.AttentionMap(torch.zeros(*lead, queries, 2), torch.zeros(*lead, 600, 2), 1.0)
        seen = torch.zeros(*lead, queries)
        for share in _tiles.shares(like, _tiles.Sight(None, None)):
            for at in share.query_tiles:
                seen[at] += 1
        assert (seen == 1).all()


MEMORY = """
import torch
from xmodal.benchmarks.speed.measure import measured
from xmodal.losses import attention_kl_loss
sq, sk, tq, tk = torch.randn(4, 1, {length}, 64)
def call():
    attention_kl_loss(sq.requires_grad_(), sk.requires_grad_(), tq, tk, causal=True).backward()
small = [x[:, :16].detach().clone() for x in (sq, sk, tq, tk)]
attention_kl_loss(small[0].requires_grad_(), *small[1:]).backward()
print(measured(call, seconds=0)["extra_bytes"] / 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("length", [4096, 16384])
def test_forward_and_backward_need_less_than_64_mib(length: int) -> None:
    """At 4096 a single dense map takes 64 MiB, at 16384 a gibibyte; the gradients themselves take 2 and 8."""
    command = [sys.executable, "-c", MEMORY.format(length=length)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert float(found) < 64
