"""Fusion keeps the contract, and what is absent counts as absent: never as zeros."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import collate
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.modalities.fusion import Fusion
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


class Line(Adapter):
    """Tokens from [B, T, 2], or only a pooled vector."""

    modality = "line"

    def __init__(self, key, width=8, pooled_only=False):
        super().__init__()
        self.inputs, self.width, self.token_width = (key,), width, 0 if pooled_only else width
        self.embed, self.seen = nn.Linear(2, width), []

    def forward(self, batch, need):
        self.seen.append(len(batch))
        x = self.embed(batch.tensor(self.inputs[0]))
        tokens = Tokens(x, grid=(x.shape[1],), key=self.inputs[0]) if self.token_width else None
        return Embedding(pooled=x.mean(1), tokens=tokens)


def fusion(**changes):
    torch.manual_seed(0)
    parts = {"a": Line("a"), "b": Line("b", 6), "c": Line("c", 4, pooled_only=True)}
    return Fusion(**{"parts": parts, "width": 16, "depth": 2} | changes).eval()


def sample(number, keys="abc"):
    made = torch.Generator().manual_seed(number)
    entries = {key: torch.randn(3 + i, 2, generator=made) for i, key in enumerate("abc")}
    return Sample(str(number), {key: entries[key] for key in keys})


def test_contract():
    check_adapter(Fusion())
    check_adapter(fusion(), collate([sample(i) for i in range(4)]))


@pytest.mark.parametrize("keys", ["ab", "ac", "bc", "a", "b", "c", ""])
def test_a_sample_without_a_part_in_a_batch_equals_that_sample_alone(keys):
    model = fusion()
    partial = sample(1, keys) if keys else Sample("1", {})
    mixed = model(collate([sample(0), partial, sample(2)]), EVERYTHING)
    if keys:
        alone = model(collate([partial]), EVERYTHING)
        assert torch.allclose(mixed.pooled[1], alone.pooled[0], atol=1e-6)
        own = mixed.tokens.valid[1]
        assert torch.allclose(mixed.tokens.x[1][own], alone.tokens.x[0][: own.sum()], atol=1e-6)
    assert mixed.tokens.valid[1].all() == ("a" in keys)
    full = model(collate([sample(0), sample(1), sample(2)]), EVERYTHING)
    assert torch.allclose(mixed.pooled[[0, 2]], full.pooled[[0, 2]], atol=1e-6)
    assert not torch.allclose(mixed.pooled[1], full.pooled[1], atol=1e-3)


def test_what_stands_in_for_an_absent_entry_is_never_read():
    model = fusion()
    batch = collate([sample(0), sample(1, "bc")])
    garbage = replace(
        batch, entries={**batch.entries, "a": batch.entries["a"] + 1e3 * torch.tensor([0.0, 1])[:, None, None]}
    )
    before, after = model(batch, EVERYTHING), model(garbage, EVERYTHING)
    assert torch.equal(before.pooled, after.pooled)
    assert model.parts["a"].seen == [1, 1]


@pytest.mark.parametrize("keys", ["ab", "ac", "bc", "a", "b", "c"])
def test_any_subset_equals_the_present_parts_and_the_learned_token_of_each_absent_one(keys):
    model = fusion()
    one = collate([sample(1, keys)])
    with torch.no_grad():
        spoken = []  # the tokens that the blocks should see, put together by hand
        for name in "abc":
            if name in keys:
                own = model.parts[name](one, Need(tokens=True, pooled=True))
                x = own.pooled.unsqueeze(1) if own.tokens is None else own.tokens.x
                spoken.append(model.project[name](x) + model.kind[name])
            else:
                spoken.append(model.absent[name].expand(1, 1, -1))
        x = torch.cat(spoken, 1)
        everything = torch.ones(x.shape[:2], dtype=torch.bool)
        for block in model.blocks:
            x = block(x, everything)
        expected = model.pool(x, everything)
        torch.testing.assert_close(model(one, EVERYTHING).pooled, expected, atol=1e-6, rtol=1e-5)


def test_the_absence_token_is_what_counts():
    model, batch = fusion(), collate([sample(0), sample(1, "bc")])
    before = model(batch, EVERYTHING).pooled
    with torch.no_grad():
        model.absent["a"] += torch.randn(16)  # a constant would vanish in the norm
    after = model(batch, EVERYTHING).pooled
    assert torch.equal(before[0], after[0])
    assert not torch.allclose(before[1], after[1], atol=1e-3)


def test_dropping_is_for_training_alone_and_leaves_each_sample_a_part():
    model, batch = fusion(drop=0.9), collate([sample(i) for i in range(200)])
    has = {name: torch.ones(200, dtype=torch.bool) for name in "abc"}
    assert model._dropped(has) == has
    dropped = torch.stack(list(model.train()._dropped(has).values()), 1)
    assert dropped.any(1).all()
    assert 0 < (~dropped).float().mean() < 0.9
    lacking = {**has, "a": torch.zeros(200, dtype=torch.bool)}
    assert not model._dropped(lacking)["a"].any()
    assert model(batch, EVERYTHING).pooled.isfinite().all()


def test_every_part_and_every_absence_token_learns():
    model = fusion().train()
    batch = collate([sample(0), sample(1, "ab"), sample(2, "bc"), sample(3, "ac")])
    model(batch, EVERYTHING).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parts": {}}, "parts: expected adapters by name"),
        ({"parts": {"a": Line("a"), "b": Line("a")}}, "the entry 'a' is read by two parts"),
        ({"heads": 3}, "heads that divide width"),
        ({"drop": 1.0}, "drop: expected a chance"),
    ],
)
def test_mistakes_are_named(changes, said):
    with pytest.raises(ConfigError, match=said):
        fusion(**changes)
