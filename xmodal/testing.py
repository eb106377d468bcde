"""The public contract test of an adapter: one line in the test-suite of a new modality."""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch


def check_adapter(adapter: Adapter, batch: Batch | None = None) -> None:
    """Assert that an adapter keeps the contract; the AssertionError says which rule it breaks.

    Args:
        adapter: an instance with any weights.
        batch: what to feed it; `adapter.example(4)` if None. At least two samples.
    """
    batch = adapter.example(4) if batch is None else batch
    assert len(batch) >= 2, "the contract needs a batch of at least two samples"
    assert adapter.modality, "class attribute `modality` is empty"
    assert adapter.inputs, "`inputs` names no entry"
    for key in adapter.inputs:
        assert key in batch.entries, f"example() has no entry {key!r}, which `inputs` names"
    everything = Need(pooled=True, tokens=adapter.token_width > 0, layers=bool(adapter.layer_widths))
    adapter.eval()
    with torch.no_grad():
        embedding = adapter(batch, everything)
        _check_shapes(adapter, embedding, len(batch))
        _check_only_what_is_needed(adapter, batch)
        _check_deployable(adapter, batch, embedding)
        _check_rows_are_independent(adapter, batch, everything, embedding)
    _check_gradient(adapter, batch, everything)
    _check_half_precision(adapter, batch, everything)


def _check_shapes(adapter: Adapter, embedding: Embedding, batch: int) -> None:
    assert embedding.pooled is not None, "Need(pooled=True) gave no pooled vector"
    assert embedding.pooled.shape == (batch, adapter.width), (
        f"pooled is {list(embedding.pooled.shape)}, `width` says {[batch, adapter.width]}"
    )
    if adapter.token_width:
        assert embedding.tokens is not None, "Need(tokens=True) gave no tokens, although token_width is set"
        _check_tokens(embedding.tokens, batch, adapter.token_width, "tokens")
        assert embedding.tokens.key in adapter.inputs, f"tokens.key {embedding.tokens.key!r} is none of the inputs"
    assert len(embedding.layers) == len(adapter.layer_widths), (
        f"{len(embedding.layers)} layers, `layer_widths` names {len(adapter.layer_widths)}"
    )
    for i, (layer, width) in enumerate(zip(embedding.layers, adapter.layer_widths, strict=True)):
        _check_tokens(layer, batch, width, f"layers[{i}]")


def _check_tokens(tokens: Tokens, batch: int, width: int, name: str) -> None:
    count = tokens.x.shape[1]
    assert tokens.x.shape == (batch, count, width), (
        f"{name}.x is {list(tokens.x.shape)}, expected [{batch}, N, {width}]"
    )
    if tokens.valid is not None:
        assert tokens.valid.shape == (batch, count), f"{name}.valid is {list(tokens.valid.shape)}"
        assert tokens.valid.dtype == torch.bool, f"{name}.valid is {tokens.valid.dtype}, expected bool"
    if tokens.grid is not None:
        cells = 1
        for side in tokens.grid:
            cells *= side
        assert cells == count, f"{name}.grid {tokens.grid} has {cells} cells for {count} tokens"
    if tokens.where is not None:
        assert tokens.where.shape[:2] == (batch, count), f"{name}.where is {list(tokens.where.shape)}"
        assert tokens.frame, f"{name}.where is given without the name of its frame"
    if tokens.of is not None:
        assert tokens.of.numel() == 0 or int(tokens.of.max()) < count, f"{name}.of points past the last token"
        assert tokens.of.numel() == 0 or int(tokens.of.min()) >= -1, f"{name}.of is below -1"
    assert tokens.x[tokens.mask()].isfinite().all(), f"{name}.x is not finite"


def _check_only_what_is_needed(adapter: Adapter, batch: Batch) -> None:
    bare = adapter(batch, Need(pooled=True))
    assert not bare.layers, "layers were computed although nobody needs them"
    assert not bare.attention, "attention was computed although nobody needs it"


def _check_deployable(adapter: Adapter, batch: Batch, full: Embedding) -> None:
    alone = adapter(batch.only(adapter.inputs), Need(pooled=True))
    if not adapter.privileged:
        _close(alone.pooled, full.pooled, "pooled changes when entries outside `inputs` are taken away")


def _check_rows_are_independent(adapter: Adapter, batch: Batch, need: Need, full: Embedding) -> None:
    order = torch.arange(len(batch)).flip(0)
    flipped = adapter(batch.rows(order), need)
    assert full.pooled is not None
    _close(flipped.pooled, full.pooled[order], "pooled of a sample depends on its place in the batch")
    one = adapter(batch.rows(torch.tensor([1])), need)
    _close(one.pooled, full.pooled[1:2], "pooled of a sample depends on the other samples of the batch in eval mode")


def _check_gradient(adapter: Adapter, batch: Batch, need: Need) -> None:
    adapter.train()
    embedding = adapter(batch, need)
    total = embedding.need_pooled("adapter").float().square().mean()
    if embedding.tokens is not None:
        total = total + embedding.tokens.x[embedding.tokens.mask()].float().square().mean()
    total.backward()
    trained = [(name, p) for name, p in adapter.named_parameters() if p.requires_grad]
    assert not trained or any(p.grad is not None and p.grad.any() for _, p in trained), "no parameter got a gradient"
    for name, p in trained:
        assert p.grad is None or p.grad.isfinite().all(), f"the gradient of {name} is not finite"
    adapter.zero_grad(set_to_none=True)
    adapter.eval()


def _check_half_precision(adapter: Adapter, batch: Batch, need: Need) -> None:
    device = batch.index.device.type
    with torch.no_grad(), torch.autocast(device, torch.bfloat16):
        pooled = adapter(batch, need).need_pooled("adapter")
    assert pooled.isfinite().all(), "pooled is not finite under bf16 autocast"


def _close(a: Tensor | None, b: Tensor | None, message: str) -> None:
    assert a is not None
    assert b is not None
    assert torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-4), message
