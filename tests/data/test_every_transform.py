"""The contract of a transform, for every one there is: replay, JSON, and an input that stays as it was."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

import xmodal.benchmarks
import xmodal.data
import xmodal.modalities
from xmodal.benchmarks.street.bev_transforms import MirrorStreet
from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose, EntryTransform, Flip, SameDraw, Scaling, Transform, seeded
from xmodal.modalities.audio import spectrogram as spectra
from xmodal.modalities.audio import transforms as audio
from xmodal.modalities.eeg import transforms as eeg
from xmodal.modalities.event import transforms as event
from xmodal.modalities.image import color, frames
from xmodal.modalities.image import transforms as image
from xmodal.modalities.lidar import sweeps
from xmodal.modalities.lidar import transforms as lidar
from xmodal.modalities.radar import transforms as radar
from xmodal.modalities.raster import transforms as raster
from xmodal.modalities.series import transforms as series
from xmodal.modalities.tabular import transforms as tabular
from xmodal.modalities.text import transforms as text
from xmodal.modalities.text.entry import text_entry
from xmodal.modalities.volume import intensity, joint, normalise, rotate_scale
from xmodal.modalities.volume import transforms as volume

BASES = {Transform, EntryTransform, Flip, Scaling, joint.JointVolumeTransform}
POINTS, EVENTS, PIXELS, STEPS, SOUND = 30, 40, (12, 20), 64, 4000


def sample_of(seed: int = 0) -> Sample:
    """Every sensor, linked and labelled wherever a transform could forget it."""
    drawn = seeded(seed)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=drawn)

    def pixels_of(count: int) -> Rows:
        return Rows((rand(count, 2) * torch.tensor([20.0, 12.0])).where(rand(count, 1) < 0.9, torch.nan))

    events = torch.cat((rand(EVENTS, 1).sort(0).values * 1e5, rand(EVENTS, 2) * 10, rand(EVENTS, 1).round()), 1).long()
    entries: dict[str, Any] = {
        "image": (rand(3, *PIXELS) * 255).to(torch.uint8),
        "video": rand(6, 3, 8, 8),
        "raster": rand(4, *PIXELS),
        "lidar": Rows(rand(POINTS, 4) * 10),
        "lidar@-1": Rows(rand(POINTS, 4) * 10),
        "radar": Rows(rand(POINTS, 9) * 10),
        "event": Rows(events),
        "audio": rand(1, SOUND),
        "eeg": rand(4, STEPS) * 20,
        "series": Rows(rand(STEPS, 6)),
        "tabular": rand(5),
        "text": text_entry("a car on a wet road"),
        "volume": rand(1, 6, 8, 10),
    }
    clouds = {name: len(entries[name].values) for name in ("lidar", "lidar@-1", "radar", "event")}
    links = {(name, grid): pixels_of(count) for name, count in clouds.items() for grid in ("image", "raster")}
    links |= {("lidar", "event"): pixels_of(POINTS), ("lidar", "volume"): Rows(rand(POINTS, 3) * 5)}
    links |= {("lidar", "radar"): Rows(rand(POINTS, 3) * 10), ("radar", "lidar"): Rows(rand(POINTS, 3) * 10)}
    links |= {("lidar", name): Rows(rand(POINTS, 1) * 50) for name in ("series", "eeg")}
    dense: dict[str, Any] = {name: Rows(torch.arange(count)) for name, count in clouds.items()}
    dense |= {name: torch.arange(240).view(PIXELS) for name in ("image", "raster")}
    dense |= {"video": torch.arange(6), "volume": torch.arange(480).view(6, 8, 10)}
    dense |= {"series": Rows(torch.arange(STEPS)), "eeg": torch.arange(STEPS)}
    turned = torch.eye(4, dtype=torch.float64)
    turned[0, 3] = 2.0
    return Sample(
        f"s{seed}", entries, links, {"place": dense, "whole": torch.tensor(3)},
        meta={"captions": {"text": ("a car on a wet road", "a car", "rain")}},
        poses={"lidar": torch.eye(4, dtype=torch.float64), "lidar@-1": turned},
    )  # fmt: skip


def with_tokens(seed: int) -> Sample:
    return text.Tokenize("bytes", 32)(sample_of(seed))[0]


def with_spectrogram(seed: int) -> Sample:
    return spectra.Spectrogram()(sample_of(seed))[0]


CASES: dict[Any, list[Any]] = {
    Compose: [Compose([image.HorizontalFlip(), Compose([lidar.RotateZ(), image.QuarterTurn()]), radar.FlipY()])],
    SameDraw: [
        SameDraw([image.HorizontalFlip(), raster.HorizontalFlip()]),
        SameDraw([image.RandomCrop((8, 9)), raster.RandomCrop((8, 9))]),
    ],
    MirrorStreet: [MirrorStreet(), MirrorStreet(key="lidar")],
    audio.RandomCrop: [audio.RandomCrop(0.1), audio.RandomCrop(0.5)],
    audio.CentreCrop: [audio.CentreCrop(0.1)],
    audio.TimeShift: [audio.TimeShift()],
    audio.Gain: [audio.Gain()],
    audio.Noise: [audio.Noise()],
    spectra.Spectrogram: [spectra.Spectrogram()],
    spectra.SpecAugment: [(spectra.SpecAugment(8, 4), with_spectrogram)],
    eeg.RandomCrop: [eeg.RandomCrop(32)],
    eeg.TimeShift: [eeg.TimeShift(10)],
    eeg.ChannelDropout: [eeg.ChannelDropout(0.5)],
    eeg.GaussianNoise: [eeg.GaussianNoise()],
    eeg.SignFlip: [eeg.SignFlip()],
    eeg.Scale: [eeg.Scale()],
    event.HorizontalFlip: [event.HorizontalFlip(20)],
    event.DropEvents: [event.DropEvents()],
    event.TimeJitter: [event.TimeJitter(3e4)],
    event.RandomCrop: [event.RandomCrop((6, 8), (12, 20))],
    event.TimeCrop: [event.TimeCrop(30_000)],
    color.ColorJitter: [color.ColorJitter()],
    frames.UniformFrames: [frames.UniformFrames(3)],
    frames.SegmentFrames: [frames.SegmentFrames(3)],
    image.Resize: [image.Resize((9, 30))],
    image.RandomCrop: [image.RandomCrop((8, 9))],
    image.RandomResizedCrop: [image.RandomResizedCrop((16, 16))],
    image.HorizontalFlip: [image.HorizontalFlip()],
    image.QuarterTurn: [image.QuarterTurn()],
    sweeps.MergeSweeps: [sweeps.MergeSweeps()],
    lidar.RotateZ: [lidar.RotateZ()],
    lidar.Scale: [lidar.Scale()],
    lidar.FlipY: [lidar.FlipY()],
    lidar.DropPoints: [lidar.DropPoints()],
    lidar.Jitter: [lidar.Jitter()],
    radar.RotateZ: [radar.RotateZ()],
    radar.FlipY: [radar.FlipY()],
    radar.DropPoints: [radar.DropPoints()],
    radar.JitterRcs: [radar.JitterRcs()],
    radar.PolarNoise: [radar.PolarNoise()],
    raster.HorizontalFlip: [raster.HorizontalFlip()],
    raster.VerticalFlip: [raster.VerticalFlip()],
    raster.QuarterTurn: [raster.QuarterTurn()],
    raster.RandomCrop: [raster.RandomCrop((8, 9))],
    raster.BandDropout: [raster.BandDropout(0.5)],
    raster.Gain: [raster.Gain()],
    series.RandomCrop: [series.RandomCrop(40), series.RandomCrop(80)],
    series.Jitter: [series.Jitter()],
    series.Scale: [series.Scale()],
    series.ChannelDropout: [series.ChannelDropout(0.5)],
    series.TimeWarp: [series.TimeWarp()],
    series.Rotation: [series.Rotation(((0, 1, 2), (3, 4, 5)))],
    tabular.ColumnDropout: [tabular.ColumnDropout(0.5)],
    tabular.GaussianNoise: [tabular.GaussianNoise((0.1,) * 5)],
    text.RandomCaption: [text.RandomCaption()],
    text.Tokenize: [text.Tokenize("bytes", 16)],
    text.TokenDropout: [(text.TokenDropout(0.5), with_tokens)],
    intensity.ShiftScale: [intensity.ShiftScale()],
    intensity.GammaContrast: [intensity.GammaContrast()],
    intensity.GaussianNoise: [intensity.GaussianNoise()],
    normalise.ZScore: [normalise.ZScore()],
    normalise.Window: [normalise.Window(0.2, 0.7)],
    rotate_scale.RotateScale: [rotate_scale.RotateScale()],
    volume.FlipLeftRight: [volume.FlipLeftRight()],
    volume.CenterCropPad: [volume.CenterCropPad((4, 10, 6))],
    volume.RandomCropPad: [volume.RandomCropPad((4, 10, 6))],
}
"""By class: transforms, or (transform, how its sample is made from a seed)."""


def found() -> Iterator[type]:
    """Every class of the project that can be called with a sample and params."""
    for package in (xmodal.data, xmodal.modalities, xmodal.benchmarks):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for kind in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(kind) and kind.__module__ == module.name and "__call__" in dir(kind):
                    call = inspect.signature(kind.__call__).parameters
                    if issubclass(kind, EntryTransform) or {"sample", "params"} <= call.keys():
                        yield kind


FOUND = sorted({kind for kind in found() if kind not in BASES and not kind.__name__.startswith("_")}, key=str)


def name_of(kind: type) -> str:
    return f"{kind.__module__.removeprefix('xmodal.').removeprefix('modalities.')}.{kind.__name__}"


def cases(kind: type) -> list[tuple[Any, Any]]:
    given = CASES.get(kind)
    assert given, f"{name_of(kind)} has no case in tests/data/test_every_transform.py"
    return [case if isinstance(case, tuple) else (case, sample_of) for case in given]


def flat(value: Any) -> Any:
    """A sample as nested lists and dicts of plain bytes, which compare bit for bit."""
    if isinstance(value, Tensor):
        return str(value.dtype), tuple(value.shape), value.contiguous().flatten().view(torch.uint8).numpy().tobytes()
    if is_dataclass(value):
        return {field.name: flat(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: flat(item) for key, item in value.items()}
    return [flat(item) for item in value] if isinstance(value, (list, tuple)) else value


def test_the_sample_tells_apart_what_differs_in_one_bit() -> None:
    one, two = sample_of(), sample_of()
    assert flat(one) == flat(two)
    two.poses["lidar@-1"][0, 3] += 1e-12
    assert flat(one) != flat(two)


def test_every_transform_was_found() -> None:
    assert set(CASES) == set(FOUND), "a case for a class that is not there, or the reverse"


@pytest.mark.parametrize("kind", FOUND, ids=name_of)
def test_recorded_params_give_the_same_again_and_the_input_stays(kind: type) -> None:
    changed = 0
    for transform, make in cases(kind):
        for seed in range(6):
            sample, before = make(seed), flat(make(seed))
            out, params = transform(sample, generator=seeded(seed))
            assert flat(sample) == before, "the sample that came in was changed"
            stored = json.loads(json.dumps(params, allow_nan=False))
            assert stored == params, "JSON does not hold the params without loss"
            state = torch.random.get_rng_state()
            again, same = transform(make(seed), stored)
            assert flat(again) == flat(out), "the recorded params give another sample"
            assert same == params
            assert torch.equal(state, torch.random.get_rng_state()), "a replay drew random numbers"
            assert flat(transform(make(seed), generator=seeded(seed))) == flat((out, params)), "not by the generator"
            changed += flat(out) != before
    assert changed, "no seed changed anything, so this showed nothing"


@pytest.mark.parametrize("kind", FOUND, ids=name_of)
def test_a_sample_without_the_sensor_passes_unchanged(kind: type) -> None:
    bare = Sample("bare", {"other": torch.zeros(2)})
    for transform, _ in cases(kind):
        out, params = transform(bare)
        assert out is bare
        assert transform(bare, json.loads(json.dumps(params)))[0] is bare


@pytest.mark.parametrize("kind", [kind for kind in FOUND if kind is not Compose], ids=name_of)
def test_links_labels_and_entries_of_one_sensor_keep_the_same_length(kind: type) -> None:
    """What belongs to each point, event or pixel is edited as often as the entry itself."""
    for transform, make in cases(kind):
        for seed in range(3):
            sample, _ = transform(make(seed), generator=seeded(seed))
            for (source, _), rows in sample.links.items():
                assert len(rows.values) == len(sample.entries[source].values), f"link from {source}"
            for key, label in sample.labels["place"].items():
                entry = sample.entries[key]
                if isinstance(entry, Rows):
                    assert len(label.values) == len(entry.values), f"label of {key}"
                elif key in ("image", "raster", "volume"):
                    assert label.shape == entry.shape[1:], f"label of {key}"
