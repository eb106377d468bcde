"""The adapters of series: the contract, places in time, and lengths that do not matter to each other."""

import numpy as np
import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.series import SeriesConv, SeriesTransformer
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
KINDS = [SeriesConv, SeriesTransformer]


def ragged(*lengths: int, channels: int = 6):
    return collate([Sample(str(i), {"series": Rows(torch.randn(t, channels))}) for i, t in enumerate(lengths)])


@pytest.mark.parametrize("kind", KINDS)
def test_contract(kind):
    check_adapter(kind())
    check_adapter(kind(rate_hz=50.0), collate([Sample(str(i), {"series": torch.randn(33, 6)}) for i in range(3)]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_gives_the_same_tokens_in_any_batch(kind):
    model, batch = kind().eval(), ragged(37, 5, 120)
    both = model(batch, EVERYTHING)
    for i in range(3):
        alone = model(batch.rows(torch.tensor([i])), EVERYTHING)
        assert torch.allclose(alone.tokens.x[0], both.tokens.x[i][both.tokens.mask()[i]], atol=1e-5)
        assert torch.allclose(alone.pooled[0], both.pooled[i], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_series_are_the_same_as_sets_and_as_a_tensor(kind):
    model, batch = kind().eval(), ragged(40, 40)
    stacked = torch.stack([batch["series"].values[:40], batch["series"].values[40:]])
    plain = collate([Sample(str(i), {"series": s}) for i, s in enumerate(stacked)])
    a, b = model(batch, EVERYTHING), model(plain, EVERYTHING)
    assert torch.equal(a.pooled, b.pooled)
    assert a.tokens.grid == b.tokens.grid == (a.tokens.x.shape[1],)
    assert model(ragged(40, 39), EVERYTHING).tokens.grid is None


@pytest.mark.parametrize(("kind", "stride"), [(SeriesConv, 8), (SeriesTransformer, 4)])
@pytest.mark.parametrize(("rate_hz", "frame", "unit"), [(None, "time_step", 1.0), (50.0, "time_s", 0.02)])
def test_tokens_lie_in_steps_or_seconds_and_know_their_steps(kind, stride, rate_hz, frame, unit):
    tokens = kind(rate_hz=rate_hz)(ragged(20, 9), EVERYTHING).tokens
    assert tokens.frame == frame
    assert tokens.where[0, :2, 0].tolist() == pytest.approx([stride / 2 * unit, stride * 1.5 * unit])
    assert tokens.of[0].tolist() == [step // stride for step in range(20)]
    assert tokens.of[1].tolist() == [step // stride for step in range(9)] + [-1] * 11
    assert tokens.valid.sum(1).tolist() == [-(-20 // stride), -(-9 // stride)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_reaches_only_tokens_of_its_own_sample(kind):
    model, batch = kind().eval(), ragged(24, 24)
    before = model(batch, EVERYTHING)
    batch["series"].values[:24] += 1
    after = model(batch, EVERYTHING)
    assert not torch.equal(before.pooled[0], after.pooled[0])
    assert torch.equal(before.pooled[1], after.pooled[1])


@pytest.mark.parametrize("kind", KINDS)
def test_series_without_steps_are_finite(kind):
    for batch in (ragged(0, 20), ragged(0, 0)):
        out = kind()(batch, EVERYTHING)
        assert out.pooled.isfinite().all()
        assert not out.pooled[0].any()


@pytest.mark.parametrize("kind", KINDS)
def test_channels_are_normalised_by_the_statistics_given(kind):
    batch = ragged(30, channels=2)
    torch.manual_seed(0)
    plain = kind(2).eval()
    torch.manual_seed(0)
    scaled = kind(2, mean=[5.0, -1.0], std=[2.0, 0.5]).eval()
    moved = batch["series"].values * torch.tensor([2.0, 0.5]) + torch.tensor([5.0, -1.0])
    other = collate([Sample("0", {"series": Rows(moved)})])
    assert torch.allclose(plain(batch, EVERYTHING).pooled, scaled(other, EVERYTHING).pooled, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_learns(kind):
    model = kind()
    model(ragged(30, 20), Need(pooled=True)).pooled.sin().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(DataError, match=r"expected series \[T, 6\] .*channels.*, found \[9, 3\]"):
        SeriesConv()(ragged(9, channels=3), EVERYTHING)
    with pytest.raises(ConfigError, match="odd kernel"):
        SeriesConv(kernel=4)
    with pytest.raises(ConfigError, match="std: expected 6 numbers"):
        SeriesTransformer(std=[1.0])
    with pytest.raises(ConfigError, match="heads: expected a divisor"):
        SeriesTransformer(heads=5)


def test_the_picture_stacks_one_trace_a_channel():
    time = torch.arange(300) / 50
    waves = torch.stack([torch.sin(k * time) for k in range(1, 4)], 1)
    image = SeriesConv.picture(Sample("s", {"series": Rows(waves)}, meta={"rate_hz": {"series": 50.0}}), "series")
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    flat = SeriesConv.picture(Sample("s", {"series": Rows(torch.zeros(0, 3))}), "series")
    assert (image < 200).sum() > (flat < 200).sum() + 500
