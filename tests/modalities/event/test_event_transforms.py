"""Augmentations of events: what each does, replay, and links and labels that follow."""

import json

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.event.transforms import DropEvents, HorizontalFlip, RandomCrop, TimeCrop, TimeJitter

ALL = [HorizontalFlip(34, 1.0), DropEvents(0.3), TimeJitter(), RandomCrop((20, 16), (34, 34)), TimeCrop(100_000)]


def sample_of(count: int = 200) -> Sample:
    """Each event's label and link hold its own pixel number, so that a mix-up shows."""
    time = torch.randint(0, 300_000, (count, 1)).sort(0).values
    events = torch.cat([time, torch.randint(0, 34, (count, 2)), torch.randint(0, 2, (count, 1))], 1)
    number = torch.arange(count)
    return Sample(
        "s",
        {"event": Rows(events)},
        links={
            ("event", "image"): Rows(number.float()[:, None].repeat(1, 2)),
            ("lidar", "event"): Rows(torch.tensor([[0.5, 0.5], [33.5, 10.25], [torch.nan, torch.nan]])),
        },
        labels={"number": {"event": Rows(number)}},
    )


def values_of(sample: Sample) -> torch.Tensor:
    return sample.entries["event"].values


@pytest.mark.parametrize("transform", ALL, ids=lambda t: type(t).__name__)
def test_replay_is_exact_leaves_the_input_alone_and_labels_follow(transform):
    sample = sample_of()
    before = values_of(sample).clone()
    out, params = transform(sample, generator=seeded(2))
    again, _ = transform(sample, json.loads(json.dumps(params)))
    assert torch.equal(values_of(out), values_of(again))
    assert torch.equal(values_of(sample), before)
    assert values_of(out).shape != before.shape or not torch.equal(values_of(out), before)
    number = out.labels["number"]["event"].values
    assert torch.equal(out.links[("event", "image")].values[:, 0], number.float())
    assert torch.equal(values_of(out)[:, 3], before[number, 3])
    assert (values_of(out)[:, 0].diff() >= 0).all()
    assert values_of(out).dtype == torch.int64


def test_flipping_twice_changes_nothing_and_points_at_pixels_follow():
    flip = HorizontalFlip(34, 1.0)
    sample = sample_of()
    once, _ = flip(sample)
    assert torch.equal(values_of(flip(once)[0]), values_of(sample))
    assert torch.equal(values_of(once)[:, 1], 33 - values_of(sample)[:, 1])
    assert torch.equal(values_of(once)[:, 2], values_of(sample)[:, 2])
    assert once.links[("lidar", "event")].values[:2].tolist() == [[33.5, 0.5], [0.5, 10.25]]


def test_dropping_and_jitter_have_the_strength_asked_for():
    sample = sample_of(5000)
    assert len(values_of(DropEvents(0.3)(sample)[0])) / 5000 == pytest.approx(0.7, abs=0.03)
    out, _ = TimeJitter(500.0)(sample)
    number = out.labels["number"]["event"].values
    shift = (values_of(out)[:, 0] - values_of(sample)[number, 0]).double()
    assert shift.std().item() == pytest.approx(500, rel=0.05)
    assert values_of(out)[:, 0].min() >= 0


def test_a_crop_keeps_the_window_and_moves_its_corner_to_the_origin():
    sample = sample_of()
    out, _ = RandomCrop((20, 16), (34, 34))(sample, {"box": [4, 10, 20, 16]})
    number = out.labels["number"]["event"].values
    assert torch.equal(values_of(out)[:, 1:3] + torch.tensor([10, 4]), values_of(sample)[number, 1:3])
    x, y = values_of(sample)[:, 1], values_of(sample)[:, 2]
    assert len(number) == int(((x >= 10) & (x < 26) & (y >= 4) & (y < 24)).sum())
    assert out.links[("lidar", "event")].values.isnan().all()


def test_a_stretch_of_time_starts_at_zero():
    sample = sample_of()
    out, params = TimeCrop(100_000)(sample, generator=seeded(0))
    number = out.labels["number"]["event"].values
    assert torch.equal(values_of(out)[:, 0] + params["start_us"], values_of(sample)[number, 0])
    assert values_of(out)[:, 0].max() < 100_000
    whole, _ = TimeCrop(10_000_000)(sample)
    assert len(values_of(whole)) == 200
    empty, _ = TimeCrop(10)(Sample("s", {"event": Rows(values_of(sample)[:0])}))
    assert len(values_of(empty)) == 0


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"events \[E, 4\] of int64"):
        DropEvents()(Sample("s", {"event": Rows(torch.zeros(3, 4))}))
    for build in (lambda: RandomCrop((40, 1), (34, 34)), lambda: DropEvents(1.0), lambda: TimeCrop(0)):
        with pytest.raises(ConfigError):
            build()
