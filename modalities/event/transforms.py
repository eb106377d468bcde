"""Augmentations of events (t_us, x, y, polarity); links and labels of each event, and links into the pixels, follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import (
    EntryTransform,
    chance,
    draw_seed,
    keep_rows,
    map_labels,
    map_links_from,
    map_links_into,
    rows_of,
    seeded,
    set_entry,
    uniform,
)
from xmodal.errors import ConfigError, DataError


class HorizontalFlip(EntryTransform):
    """Mirror left and right with a probability: x becomes width - 1 - x.

    Args:
        width: of the sensor in pixels.
    """

    fields = ("flip", "width")

    def __init__(self, width: int, probability: float = 0.5, key: str = "event") -> None:
        super().__init__(key)
        self.width, self.probability = width, probability

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"flip": chance(self.probability, generator), "width": self.width}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        if not params["flip"]:
            return sample
        events, width = events_of(sample, self.key).clone(), params["width"]
        events[:, 1] = width - 1 - events[:, 1]

        def mirror(uv: Tensor) -> Tensor:
            last = float(torch.nextafter(torch.tensor(float(width)), torch.tensor(0.0)))
            return torch.stack(((width - uv[:, 0]).clamp(max=last), uv[:, 1]), 1)

        return map_links_into(set_entry(sample, self.key, Rows(events)), self.key, mirror)


class DropEvents(EntryTransform):
    """Drop each event with the probability `fraction`."""

    fields = ("fraction", "seed")

    def __init__(self, fraction: float = 0.1, key: str = "event") -> None:
        super().__init__(key)
        if not 0 <= fraction < 1:
            raise ConfigError(f"DropEvents needs 0 <= fraction < 1, not {fraction}")
        self.fraction = fraction

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"fraction": self.fraction, "seed": draw_seed(generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        events = events_of(sample, self.key)
        keep = torch.rand(len(events), generator=seeded(params["seed"])) >= params["fraction"]
        return keep_rows(sample, self.key, keep)


class TimeJitter(EntryTransform):
    """Move each event in time by normal noise of `std_us` microseconds, never before 0; rows stay in order of time."""

    fields = ("seed", "std_us")

    def __init__(self, std_us: float = 1000.0, key: str = "event") -> None:
        super().__init__(key)
        self.std_us = std_us

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"seed": draw_seed(generator), "std_us": self.std_us}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        events = events_of(sample, self.key).clone()
        noise = torch.randn(len(events), generator=seeded(params["seed"]), dtype=torch.float64) * params["std_us"]
        events[:, 0] = (events[:, 0] + noise.round().long()).clamp_min(0)
        order = events[:, 0].argsort(stable=True)

        def sort(rows: Tensor) -> Tensor:
            return rows[order]

        moved = set_entry(sample, self.key, Rows(events[order]))
        return map_labels(map_links_from(moved, self.key, sort), self.key, sort)


class RandomCrop(EntryTransform):
    """Keep the events in a window of `size` (H, W), its place drawn uniformly; its corner becomes the origin.

    Args:
        size: (H, W) of the window.
        sensor: (H, W) of the sensor.
    """

    fields = ("box",)

    def __init__(self, size: tuple[int, int], sensor: tuple[int, int], key: str = "event") -> None:
        super().__init__(key)
        if not (0 < size[0] <= sensor[0] and 0 < size[1] <= sensor[1]):
            raise ConfigError(f"RandomCrop needs a size of at most the sensor's {sensor}, not {size}")
        self.size, self.sensor = size, sensor

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        top, left = (int(uniform(0, a - b + 1, generator)) for a, b in zip(self.sensor, self.size, strict=True))
        return {"box": [top, left, *self.size]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        top, left, height, width = params["box"]
        events = events_of(sample, self.key) - torch.tensor([0, left, top, 0])
        x, y = events[:, 1], events[:, 2]

        def move(uv: Tensor) -> Tensor:
            moved = uv - uv.new_tensor((left, top))
            inside = (moved >= 0).all(1) & (moved[:, 0] < width) & (moved[:, 1] < height)
            return torch.where(inside.unsqueeze(1), moved, torch.nan)

        moved = map_links_into(set_entry(sample, self.key, Rows(events)), self.key, move)
        return keep_rows(moved, self.key, (x >= 0) & (x < width) & (y >= 0) & (y < height))


class TimeCrop(EntryTransform):
    """Keep the events of a stretch of `duration_us` microseconds, its start drawn uniformly; t starts at 0 there."""

    fields = ("duration_us", "start_us")

    def __init__(self, duration_us: int, key: str = "event") -> None:
        super().__init__(key)
        if duration_us < 1:
            raise ConfigError(f"TimeCrop needs a duration of at least 1 microsecond, not {duration_us}")
        self.duration_us = duration_us

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        time = events_of(sample, self.key)[:, 0]
        first, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
        slack = max(0, last + 1 - first - self.duration_us)
        return {"duration_us": self.duration_us, "start_us": first + int(uniform(0, slack + 1, generator))}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        events = events_of(sample, self.key) - torch.tensor([params["start_us"], 0, 0, 0])
        moved = set_entry(sample, self.key, Rows(events))
        return keep_rows(moved, self.key, (events[:, 0] >= 0) & (events[:, 0] < params["duration_us"]))


def events_of(sample: Sample, key: str) -> Tensor:
    """The events [E, 4] int64 of the entry `key`; a DataError if it is something else."""
    events = rows_of(sample, key)
    if events.ndim != 2 or events.shape[1] != 4 or events.dtype != torch.int64:
        found = f"{events.dtype} {list(events.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="events [E, 4] of int64", found=found)
    return events
