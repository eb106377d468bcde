"""What happened during a recording: annotations of the file, and codes of its trigger channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.eeg.fif import check_fif
from xmodal.modalities.eeg.mne_tools import load_mne, quiet
from xmodal.modalities.eeg.recording import Event

_BDF_CODE = 0xFFFF
"""The upper 8 bits of a BDF status channel tell the state of the amplifier."""


def events_of(raw: Any, *, bdf: bool) -> tuple[Event, ...]:
    """The events of an mne recording in order of onset; a trigger code is told as its number."""
    # Annotations count from the start of the measurement, which may lie before the first sample that was stored.
    late_s = float(raw.first_time) if raw.annotations.orig_time is not None else 0.0
    events = [
        Event(float(onset) - late_s, float(duration), str(text))
        for onset, duration, text in zip(
            raw.annotations.onset, raw.annotations.duration, raw.annotations.description, strict=True
        )
    ]
    for channel, kind in enumerate(raw.get_channel_types()):
        if kind == "stim":
            codes = np.rint(raw.get_data([channel], verbose="error")[0]).astype(np.int64)
            events += trigger_events(codes & _BDF_CODE if bdf else codes, float(raw.info["sfreq"]))
    return tuple(sorted(events, key=lambda event: event.onset_s))


def trigger_events(codes: NDArray[np.int64], rate_hz: float) -> list[Event]:
    """An event for each change of `codes` [T] to something other than 0; it lasts until the next change."""
    changes = np.flatnonzero(np.diff(codes)) + 1
    ends = np.append(changes[1:], len(codes))
    return [
        Event(float(start / rate_hz), float((end - start) / rate_hz), str(int(codes[start])))
        for start, end in zip(changes, ends, strict=True)
        if codes[start] != 0
    ]


def read_event_list(path: Path | str, rate_hz: float) -> tuple[Event, ...]:
    """The events of a `-eve.fif` file, which lists them apart from the recording; a code is told as its number.

    Args:
        rate_hz: of the recording, whose sample numbers the file holds (counted from its first sample).

    Raises:
        DataError: the file is missing or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(path, expected="a list of events (-eve.fif)", found="no such file")
    check_fif(path)
    mne = load_mne()
    try:
        with quiet():
            rows = mne.read_events(str(path), verbose="error")
    except Exception as error:  # mne meets damaged content with errors of many types
        found = f"content that does not decode ({type(error).__name__})"
        raise DataError(path, expected="a list of events", found=found) from error
    return tuple(Event(int(sample) / rate_hz, 0.0, str(int(code))) for sample, _, code in rows)
