"""Brings phone and watch to one clock and cuts the time that they share into windows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.benchmarks.phone_watch.layout import Execution
from xmodal.benchmarks.phone_watch.recording import ACTIVITIES, CHANNELS, Recording, read_recording
from xmodal.data.sample import Sample
from xmodal.errors import DataError

RATE_HZ = 100.0
LONGEST_GAP_MS = 250.0
SHARE = 0.8
"""Of a window that its activity must fill: what lies between two activities has no label worth scoring."""
AGREEMENT = 0.8
"""Of the shared time in which both files must name the same activity, else they are not of one execution."""


def read_windows(execution: Execution, window_s: float, step_s: float) -> list[Sample]:
    """The windows of one execution in order.

    Windows with a pause of more than a quarter of a second in either file, or of mixed activity, are left out.

    Returns:
        Samples with the entries "series/phone" and "series/watch" [T, 6] (m/s2, rad/s) at 100 Hz on the common clock,
        and the label "activity".

    Raises:
        DataError: a file breaks its format, or the two were not recorded together.
    """
    recordings = {device: read_recording(path) for device, path in execution.files.items()}
    length = round(window_s * RATE_HZ)
    clock = _common_clock(execution, recordings, length)
    activity = _activity(execution, recordings, clock)
    series = {f"series/{device}": _resample(recording, clock) for device, recording in recordings.items()}
    paused = np.any([_in_pause(recording, clock) for recording in recordings.values()], axis=0)
    samples = []
    for start in range(0, len(clock) - length + 1, max(round(step_s * RATE_HZ), 1)):
        cut = slice(start, start + length)
        counts = np.bincount(activity[cut], minlength=len(ACTIVITIES))
        if counts.max() >= SHARE * length and not paused[cut].any():
            label = int(counts.argmax())
            samples.append(
                Sample(
                    key=f"{execution.key}/{start:05d}",
                    entries={key: torch.from_numpy(values[cut].astype(np.float32)) for key, values in series.items()},
                    labels={"activity": torch.tensor(label)},
                    meta={
                        "subject": execution.subject,
                        "execution": execution.key,
                        "activity": ACTIVITIES[label],
                        "channels": dict.fromkeys(series, CHANNELS),
                        "rate_hz": dict.fromkeys(series, RATE_HZ),
                    },
                )
            )
    return samples


def _common_clock(execution: Execution, recordings: dict[str, Recording], length: int) -> NDArray[np.float64]:
    """Milliseconds, 10 apart, from the later start to the earlier end."""
    first = max(r.time_ms[0] for r in recordings.values())
    last = min(r.time_ms[-1] for r in recordings.values())
    clock = np.arange(0.0, max(last - first, 0.0), 1000 / RATE_HZ)
    if len(clock) < length:
        expected = f"at least {length / RATE_HZ:g} s that both devices recorded"
        found = f"{(last - first) / 1000:g} s"
        raise DataError(f"{execution.files['phone']} and _sw.csv: timestamp", expected=expected, found=found)
    return np.asarray(clock + first)


def _activity(execution: Execution, recordings: dict[str, Recording], clock: NDArray[np.float64]) -> NDArray[np.int64]:
    """[T] what the phone's file names at each step of the clock."""
    named = [r.activity[_latest(r, clock)] for r in recordings.values()]
    agreement = float((named[0] == named[1]).mean())
    if agreement < AGREEMENT:
        expected = f"the activities of {execution.files['phone'].name} in {AGREEMENT:.0%} of the shared time"
        raise DataError(f"{execution.files['watch']}: label", expected=expected, found=f"{agreement:.0%}")
    return named[0]


def _latest(recording: Recording, clock: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(np.searchsorted(recording.time_ms, clock, side="right") - 1)


def _resample(recording: Recording, clock: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T, 6] at the clock's times, linear in between; values of the same millisecond are averaged."""
    times, place, counts = np.unique(recording.time_ms, return_inverse=True, return_counts=True)
    columns = [np.bincount(place, column) / counts for column in recording.values.T]
    return np.stack([np.interp(clock, times, column) for column in columns], axis=1)


def _in_pause(recording: Recording, clock: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[T] whether the step lies between two values that are too far apart."""
    long = np.append(np.diff(recording.time_ms) > LONGEST_GAP_MS, False)
    return np.asarray(long[_latest(recording, clock)])
