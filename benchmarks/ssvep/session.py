"""One session: a recording and its list of events, checked and cut into windows of its trials."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from xmodal.benchmarks.ssvep.layout import Session
from xmodal.data.sample import Sample
from xmodal.errors import DataError
from xmodal.modalities.eeg import (
    Recording,
    band_pass,
    event_windows,
    pick,
    read_event_list,
    read_recording,
    resample,
    robust_zscore,
    standard_positions,
)

CHANNELS = ("Oz", "O1", "O2", "PO3", "POz", "PO7", "PO8", "PO4")
FILE_RATE_HZ, RATE_HZ = 256.0, 128.0
BAND_HZ = (5.0, 48.0)
"""Holds the three flicker frequencies and their first overtones; drifts and the mains stay outside."""
TRIAL_S = 5.0
"""An event is the audio cue; the subject then looks at a light for five seconds."""
CODES = {"1": 0, "2": 1, "3": 2, "4": 3}
CLASSES = ("rest", "13 Hz", "21 Hz", "17 Hz")
LARGEST = 6.0
"""Scaled potentials beyond this are movements and are cut off."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Which windows are cut out of each trial.

    Attributes:
        window_s: their length, at most the five seconds of a trial.
        step_s: from the start of one to the start of the next; the last ends with the trial or just before.
    """

    window_s: float = 4.0
    step_s: float = 0.25

    def starts_s(self) -> list[float]:
        """Where the windows of a trial begin, in seconds after the cue."""
        count = int((TRIAL_S - self.window_s) / self.step_s + 1e-6) + 1
        return [TRIAL_S - self.window_s - i * self.step_s for i in reversed(range(count))]


def read_session(session: Session, cuts: Cuts) -> list[list[Sample]]:
    """By trial: its windows, in order of time, with the task "stimulus" and the entries of `scaled`.

    Raises:
        DataError: a file is damaged, has another rate or other channels, lists an unknown code, or ends too early.
        XmodalError: mne is not installed.
    """
    recording = _read(session)
    try:
        ready = resample(band_pass(pick(recording, CHANNELS), *BAND_HZ), RATE_HZ)
    except DataError as error:
        where = f"{session.recording}: {error.where}"
        raise DataError(where, expected=error.expected, found=error.found) from error
    ready = replace(ready, positions_m=standard_positions(CHANNELS))  # the file gives places in millimetres as metres
    _check_room(session, ready)
    name = f"{session.subject}/{session.name}"
    by_start = [
        event_windows(ready, CODES, start_s=start, length_s=cuts.window_s, name=name, task="stimulus")
        for start in cuts.starts_s()
    ]
    return [
        [_finished(sample, session, start) for sample, start in zip(windows, cuts.starts_s(), strict=True)]
        for windows in zip(*by_start, strict=True)
    ]


def _read(session: Session) -> Recording:
    recording = read_recording(session.recording)
    if recording.rate_hz != FILE_RATE_HZ:
        found = f"{recording.rate_hz:g} Hz"
        raise DataError(f"{session.recording}: rate", expected=f"{FILE_RATE_HZ:g} Hz", found=found)
    events = read_event_list(session.events, recording.rate_hz)
    wrong = sorted({event.description for event in events} - set(CODES))
    if not events or wrong:
        found = f"code {', '.join(wrong)}" if wrong else "no event"
        raise DataError(session.events, expected="events with codes 1 to 4", found=found)
    return replace(recording, events=events)


def _check_room(session: Session, recording: Recording) -> None:
    last = max(event.onset_s for event in recording.events)
    if last + TRIAL_S > recording.duration_s:
        expected = f"{TRIAL_S:g} s after the last cue, at {last:.2f} s"
        raise DataError(f"{session.recording}: length", expected=expected, found=f"{recording.duration_s:.2f} s")


def _finished(sample: Sample, session: Session, start_s: float) -> Sample:
    data = sample.entries["eeg"]
    assert isinstance(data, Tensor)
    own = {name: {**sample.meta[name], "eeg/oz": sample.meta[name]["eeg"][:1]} for name in ("channels", "positions_m")}
    rates = {"rate_hz": {"eeg": RATE_HZ, "eeg/oz": RATE_HZ}}
    about = {"subject": session.subject, "session": session.name, "trial": sample.key, "start_s": start_s}
    return replace(
        sample,
        key=f"{sample.key}@{start_s:g}s",
        entries=scaled(data),
        meta={**own, **rates, **about, "classes": {"stimulus": CLASSES}},
    )


def scaled(data: Tensor) -> dict[str, Tensor]:
    """{"eeg": [8, T], "eeg/oz": [1, T]} of a window [8, T]: each channel over its own spread, as `robust_zscore`.

    The files give no usable unit (one copy of a session is 1e6 times the other). Each window is scaled by itself,
    so that a deployed student needs nothing but its four seconds of one electrode.
    """
    whole = robust_zscore(data, clip=LARGEST)
    return {"eeg": whole, "eeg/oz": whole[:1].clone()}
