"""Read EEG files of the usual formats into a `Recording`: our own checks first, then mne."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xmodal.errors import DataError
from xmodal.modalities.eeg.brainvision import check_brainvision
from xmodal.modalities.eeg.edf import check_edf, edf_units
from xmodal.modalities.eeg.eeglab import check_eeglab
from xmodal.modalities.eeg.events import events_of
from xmodal.modalities.eeg.fif import check_fif
from xmodal.modalities.eeg.gdf import check_gdf
from xmodal.modalities.eeg.mne_tools import load_mne, quiet
from xmodal.modalities.eeg.recording import Recording

VOLTAGES = ("eeg", "eog", "ecg", "emg", "bio", "seeg", "ecog", "dbs")
"""Kinds of channels that mne gives in volts."""
_VOLT_UNITS = ("v", "mv", "uv", "nv")
_MICRO = ("\u00b5", "\u03bc", "\x83\xca")
_BLOCK = 2**27
_SMALL, _GROWTH = 2**30, 64
"""A file may decode to a GiB, or to 64 times its own size (channels of a low rate are brought to the highest)."""


@dataclass(frozen=True, slots=True)
class _Format:
    check: Callable[[Path], None]
    reader: str
    packed: bool = False


FORMATS = {
    ".edf": _Format(check_edf, "read_raw_edf"),
    ".bdf": _Format(check_edf, "read_raw_bdf"),
    ".gdf": _Format(check_gdf, "read_raw_gdf"),
    ".vhdr": _Format(check_brainvision, "read_raw_brainvision"),
    ".set": _Format(check_eeglab, "read_raw_eeglab", packed=True),
    ".fif": _Format(check_fif, "read_raw_fif"),
    ".fif.gz": _Format(check_fif, "read_raw_fif", packed=True),
}


def read_recording(path: Path | str) -> Recording:
    """Read .edf, .bdf, .gdf, .vhdr (with its .eeg and .vmrk), .set (with its .fdt), .fif or .fif.gz.

    Channels measured in volts are kept, in microvolts; trigger channels become events. Where the channels of an EDF
    file have several rates, all come at the highest.

    Raises:
        DataError: the file or a companion is missing, damaged, holds gaps, numbers that are not finite, or no voltages.
        XmodalError: mne is not installed.
    """
    path = Path(path)
    form = _format(path)
    if not path.is_file():
        raise DataError(path, expected="an EEG recording", found="no such file")
    if not path.stat().st_size:
        raise DataError(path, expected="an EEG recording", found="an empty file")
    form.check(path)
    mne = load_mne()
    try:
        with quiet():
            raw = getattr(mne.io, form.reader)(str(path), preload=False, verbose="error")
            return _convert(path, raw, form.packed)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise _missing(path) from error
    except Exception as error:  # mne meets damaged content with errors of many types
        text = " ".join(str(error).split())[:120]
        found = f"content that does not decode ({type(error).__name__}: {text})"
        raise DataError(path, expected=f"a recording that follows the {path.suffix} format", found=found) from error


def _format(path: Path) -> _Format:
    name = path.name.lower()
    for suffix, form in FORMATS.items():
        if name.endswith(suffix):
            return form
    raise DataError(path, expected=f"an EEG file in one of {sorted(FORMATS)}", found=f"suffix {path.suffix!r}")


def _missing(path: Path) -> DataError:
    if path.suffix.lower() == ".set":
        expected = f"the companion file {path.with_suffix('.fdt').name!r} beside it"
        return DataError(path, expected=expected, found="no such file")
    return DataError(path, expected="all parts of the recording beside it", found="one that is missing")


def _convert(path: Path, raw: Any, packed: bool) -> Recording:
    _check_size(path, raw, packed)
    # mne takes every signal of an EDF file for a voltage.
    picks = _voltages(raw, edf_units(path) if path.suffix.lower() in (".edf", ".bdf") else [])
    if not picks:
        kinds = sorted(set(raw.get_channel_types()))
        raise DataError(path, expected="channels measured in volts", found=f"channels of kind {kinds}")
    data = _microvolts(raw, picks)
    finite = np.isfinite(data)
    if not finite.all():
        bad = ~finite
        channel = raw.ch_names[picks[int(bad.any(axis=1).argmax())]]
        found = f"{int(bad.sum())} that are not, the first in channel {channel!r}"
        raise DataError(f"{path}: samples", expected="finite numbers within float32", found=found)
    return Recording(
        data=torch.from_numpy(data),
        channels=tuple(str(raw.ch_names[i]) for i in picks),
        rate_hz=float(raw.info["sfreq"]),
        positions_m=_positions(raw, picks),
        events=events_of(raw, bdf=path.suffix.lower() == ".bdf"),
    )


def _check_size(path: Path, raw: Any, packed: bool) -> None:
    channels, samples = len(raw.ch_names), int(raw.n_times)
    files = [Path(str(name)) for name in raw.filenames if name is not None]
    size, decoded = max(path.stat().st_size, sum(f.stat().st_size for f in files)), 8 * channels * samples
    if decoded > _SMALL and decoded > size * _GROWTH * (16 if packed else 1):
        found = f"{size} bytes: the header is wrong"
        raise DataError(f"{path}: {channels} channels x {samples} samples", expected="a file to match", found=found)
    for data in files:
        if data.suffix.lower() == ".fdt" and data.stat().st_size != 4 * channels * samples:
            expected = f"{4 * channels * samples} bytes for {channels} channels x {samples} samples"
            raise DataError(data, expected=expected, found=f"{data.stat().st_size}")


def _voltages(raw: Any, units: list[str]) -> list[int]:
    kinds = raw.get_channel_types()
    units = units if len(units) == len(kinds) else [""] * len(kinds)
    return [i for i, kind in enumerate(kinds) if kind in VOLTAGES and _is_volt(units[i])]


def _is_volt(unit: str) -> bool:
    """Breathing or temperature may stand beside the voltages; a unit that is not given counts as volt."""
    for sign in _MICRO:
        unit = unit.replace(sign, "u")
    return unit.lower() in ("", *_VOLT_UNITS)


def _microvolts(raw: Any, picks: list[int]) -> NDArray[np.float32]:
    out: NDArray[np.float32] = np.empty((len(picks), raw.n_times), dtype=np.float32)
    step = max(1, _BLOCK // len(raw.ch_names))
    for start in range(0, raw.n_times, step):
        stop = min(start + step, raw.n_times)
        with np.errstate(over="ignore", invalid="ignore"):
            out[:, start:stop] = raw.get_data(picks, start, stop, verbose="error") * 1e6
    return out


def _positions(raw: Any, picks: list[int]) -> Tensor | None:
    places = np.array([raw.info["chs"][i]["loc"][:3] for i in picks], dtype=np.float32)
    places[~np.isfinite(places).all(1) | (places == 0).all(1)] = np.nan
    return None if np.isnan(places).all() else torch.from_numpy(places)
