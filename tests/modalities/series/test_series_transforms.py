"""Augmentations of series: what each does, replay, and labels that move along."""

import json
import math

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.series.transforms import ChannelDropout, Jitter, RandomCrop, Rotation, Scale, TimeWarp

ALL = [RandomCrop(10), Jitter(), Scale(), ChannelDropout(0.5), TimeWarp(0.5), Rotation(((0, 1, 2), (3, 4, 5)))]


def sample_of(rows: bool = True, steps: int = 40) -> Sample:
    values = torch.randn(steps, 6)
    return Sample(
        "s",
        {"series": Rows(values) if rows else values},
        links={("series", "image"): Rows(torch.arange(steps).float()[:, None].repeat(1, 2))},
        labels={"step": {"series": Rows(torch.arange(steps))}, "whole": torch.tensor(3)},
    )


def values_of(sample: Sample) -> torch.Tensor:
    entry = sample.entries["series"]
    return entry.values if isinstance(entry, Rows) else entry


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("transform", ALL, ids=lambda t: type(t).__name__)
def test_replay_is_exact_and_leaves_the_input_alone(transform: EntryTransform, rows):
    sample = sample_of(rows)
    before = values_of(sample).clone()
    out, params = transform(sample, generator=seeded(1))
    again, _ = transform(sample, json.loads(json.dumps(params)))
    assert torch.equal(values_of(out), values_of(again))
    assert torch.equal(values_of(sample), before)
    assert isinstance(out.entries["series"], Rows) == rows
    assert not torch.equal(values_of(out), before)
    assert out.labels["whole"] == 3


def test_a_crop_takes_labels_and_links_along_and_leaves_short_series_whole():
    out, params = RandomCrop(10)(sample_of(), generator=seeded(0))
    start = params["start"]
    assert out.labels["step"]["series"].values.tolist() == list(range(start, start + 10))
    assert out.links[("series", "image")].values[:, 0].tolist() == list(range(start, start + 10))
    short, params = RandomCrop(10)(sample_of(steps=4))
    assert params == {"length": 4, "start": 0}
    assert values_of(short).shape == (4, 6)
    starts = {RandomCrop(38).draw(sample_of(), seeded(i))["start"] for i in range(50)}
    assert starts == {0, 1, 2}
    with pytest.raises(DataError, match="a part of 40 steps"):
        RandomCrop(10)(sample_of(), {"start": 35, "length": 10})


def test_jitter_has_the_spread_asked_for():
    sample = sample_of(steps=4000)
    out, _ = Jitter(0.2)(sample)
    assert (values_of(out) - values_of(sample)).std().item() == pytest.approx(0.2, rel=0.03)


def test_scale_is_one_factor_for_all():
    sample = sample_of()
    out, params = Scale(1.5, 2.0)(sample)
    assert 1.5 <= params["scale"] < 2.0
    assert torch.equal(values_of(out), values_of(sample) * params["scale"])


def test_channel_dropout_never_drops_everything():
    for seed in range(40):
        out, params = ChannelDropout(0.9, fill=7.0)(sample_of(), generator=seeded(seed))
        assert len(params["channels"]) < 6
        assert [c for c in range(6) if (values_of(out)[:, c] == 7).all()] == params["channels"]


def test_warp_plays_a_ramp_at_the_speeds_asked_for():
    ramp = Sample("s", {"series": torch.arange(101.0)[:, None]}, labels={"step": {"series": torch.arange(101)}})
    out, _ = TimeWarp(0.5, parts=2)(ramp, {"speeds": [0.5, 1.5]})
    values = values_of(out)[:, 0]
    # Half the time at half speed covers a quarter of the way.
    assert values[[0, 25, 50, 75, 100]].tolist() == pytest.approx([0, 12.5, 25, 62.5, 100])
    assert (out.labels["step"]["series"] - values).abs().max() <= 0.5
    same, _ = TimeWarp(0.5, parts=3)(ramp, {"speeds": [0.8, 0.8, 0.8]})
    assert torch.allclose(values_of(same), values_of(ramp), atol=1e-4)


def test_rotation_turns_every_group_by_the_right_hand_rule_and_keeps_lengths():
    values = torch.tensor([[1.0, 0, 0, 0, 2, 0, 9]])
    sample = Sample("s", {"series": values})
    turn = Rotation(((0, 1, 2), (3, 4, 5)))
    out, _ = turn(sample, {"axis": [0.0, 0.0, 1.0], "degrees": 90.0})
    assert torch.allclose(values_of(out), torch.tensor([[0.0, 1, 0, -2, 0, 0, 9]]), atol=1e-6)
    big = Sample("s", {"series": torch.randn(50, 7)})
    out, params = turn(big)
    assert math.hypot(*params["axis"]) == pytest.approx(1)
    for group in ([0, 1, 2], [3, 4, 5]):
        before, after = (values_of(s)[:, group].norm(dim=1) for s in (big, out))
        assert torch.allclose(before, after, atol=1e-5)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"a series of floats \[T, C\]"):
        Jitter()(Sample("s", {"series": torch.zeros(3)}))
    with pytest.raises(DataError, match="the groups"):
        Rotation(((0, 1, 8),))(sample_of())
    odd = Sample("s", {"series": torch.zeros(9, 2)}, labels={"step": {"series": torch.zeros(4)}})
    with pytest.raises(DataError, match="9 rows, one a step, found 4"):
        RandomCrop(3)(odd)
    for build in (lambda: RandomCrop(0), lambda: Scale(0, 1), lambda: TimeWarp(1.0), lambda: Rotation(((0, 0, 1),))):
        with pytest.raises(ConfigError):
            build()
