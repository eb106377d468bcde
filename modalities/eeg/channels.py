"""Find channels by name, whatever the spelling, so that recordings of different devices fit one model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from xmodal.errors import DataError
from xmodal.modalities.eeg.mne_tools import load_mne, quiet
from xmodal.modalities.eeg.recording import Recording

TEN_TWENTY = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip
"""The 19 electrodes of the international 10-20 system, by their present names."""

RENAMED = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
"""Names of the first 10-20 system, and what the extended system calls the same places."""


def canonical(name: str) -> str:
    """One spelling for the names of one place: upper case, present 10-20 name, no "EEG" before, no reference behind.

    >>> canonical("EEG T3-REF"), canonical("Fc5."), canonical("fp1")
    ('T7', 'FC5', 'FP1')
    """
    bare = re.sub(r"^EEG[\s_:]+", "", name.strip().upper())
    bare = re.sub(r"-(REF|LE|AVG|AR)$", "", bare).strip(" .")
    return RENAMED.get(bare, bare)


def pick(recording: Recording, names: Sequence[str]) -> Recording:
    """The channels `names` in that order and under those names.

    Raises:
        DataError: a channel is missing (all that are missing are listed), or two channels have the name asked for.
    """
    places = match(recording.channels, names)
    positions = recording.positions_m
    return replace(
        recording,
        data=recording.data[places],
        channels=tuple(names),
        positions_m=None if positions is None else positions[places],
    )


def match(have: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """For each wanted name its place among the names that are there; errors as in `pick`."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(have):
        found.setdefault(canonical(name), []).append(place)
    missing = [name for name in wanted if canonical(name) not in found]
    if missing:
        raise DataError("channels", expected=f"{', '.join(wanted)}", found=f"no {', '.join(missing)} in {list(have)}")
    places = []
    for name in wanted:
        options = found[canonical(name)]
        exact = [place for place in options if have[place] == name]
        if len(exact or options) > 1:
            same = ", ".join(have[place] for place in options)
            raise DataError(f"channel {name!r}", expected="one channel of that name", found=f"several: {same}")
        places.append((exact or options)[0])
    return places


def common_channels(recordings: Iterable[Recording]) -> tuple[str, ...]:
    """The channels that all recordings have, named and ordered as in the first.

    Raises:
        DataError: there is no such channel.
    """
    first, *others = recordings
    shared = [{canonical(name) for name in other.channels} for other in others]
    names = tuple(name for name in first.channels if all(canonical(name) in there for there in shared))
    if not names:
        raise DataError("channels", expected="at least one that all recordings have", found="none")
    return names


def standard_positions(names: Sequence[str]) -> Tensor:
    """[C, 3] places in metres on a standard head (mne's `colin27_1005`), as in `Recording`; NaN for unknown names."""
    mne = load_mne()
    with quiet():
        known = set(mne.channels.get_builtin_montages())
        montage = mne.channels.make_standard_montage("colin27_1005" if "colin27_1005" in known else "standard_1005")
        # Only an info that takes the montage turns its places from the scanner's frame into that of the head.
        info = mne.create_info(montage.ch_names, 1.0, "eeg").set_montage(montage)
    places = {channel["ch_name"].upper(): channel["loc"][:3].tolist() for channel in info["chs"]}
    return torch.tensor([places.get(canonical(name), [float("nan")] * 3) for name in names], dtype=torch.float32)
