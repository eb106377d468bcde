"""Cut a recording into windows: evenly, or around its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.eeg.recording import Recording


def sliding_windows(recording: Recording, length_s: float, step_s: float | None = None) -> Tensor:
    """[N, C, L]: windows of `length_s` seconds, one every `step_s` (side by side if None); a rest is left out.

    The windows are copies.

    Raises:
        DataError: the recording is shorter than one window.
    """
    length = _samples(recording, length_s, "length_s")
    step = length if step_s is None else _samples(recording, step_s, "step_s")
    if length > recording.data.shape[1]:
        found = f"{recording.duration_s:g} s"
        raise DataError("recording: length", expected=f"at least one window of {length_s:g} s", found=found)
    return recording.data.unfold(1, length, step).transpose(0, 1).contiguous()


def event_windows(
    recording: Recording,
    labels: Mapping[str, int],
    *,
    start_s: float,
    length_s: float,
    name: str = "recording",
    task: str = "class",
    key: str = "eeg",
) -> list[Sample]:
    """A Sample for each event whose description has a label, in order; other events are passed over.

    Args:
        labels: class index by the event's description.
        start_s: where a window begins, in seconds after the event (negative: before).
        length_s: the length of each window; one that reaches beyond the recording is left out.
        name: begins the keys of the samples: "name-0", "name-1", ... by the event's place among those with labels.

    Returns:
        samples with the entry `key` [C, L] in microvolts and the label `task`.

    Raises:
        DataError: no event has a label, or no window lies inside the recording.
    """
    length = _samples(recording, length_s, "length_s")
    chosen = [event for event in recording.events if event.description in labels]
    if not chosen:
        there = sorted({event.description for event in recording.events})
        raise DataError("recording: events", expected=f"one of {sorted(labels)}", found=f"{there}")
    samples = []
    for number, event in enumerate(chosen):
        first = round((event.onset_s + start_s) * recording.rate_hz)
        if first < 0 or first + length > recording.data.shape[1]:
            continue
        samples.append(
            Sample(
                key=f"{name}-{number}",
                entries={key: recording.data[:, first : first + length].clone()},
                labels={task: torch.tensor(labels[event.description])},
                meta=described(recording, key),
            )
        )
    if not samples:
        expected = f"room for {length_s:g} s around an event"
        raise DataError("recording: length", expected=expected, found=f"{recording.duration_s:g} s")
    return samples


def described(recording: Recording, key: str) -> dict[str, Any]:
    """The meta of a Sample from which pictures take names, rate and places of the channels."""
    meta: dict[str, Any] = {"channels": {key: recording.channels}, "rate_hz": {key: recording.rate_hz}}
    if recording.positions_m is not None:
        meta["positions_m"] = {key: recording.positions_m.tolist()}
    return meta


def _samples(recording: Recording, seconds: float, name: str) -> int:
    count = round(seconds * recording.rate_hz)
    if count < 1:
        raise ConfigError(f"{name}: expected at least one sample ({1 / recording.rate_hz:g} s), found {seconds}")
    return count
