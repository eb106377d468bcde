"""Sounds, EEG and series of the readers bench."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from xmodal.benchmarks.speed.readers_format import Array, Format
from xmodal.modalities.audio.read import read_audio
from xmodal.modalities.eeg.mne_tools import load_mne, quiet
from xmodal.modalities.eeg.read import read_recording
from xmodal.modalities.series.read import read_series

SOUND_HZ, SOUND_S = 16_000, 4
EEG_HZ, EEG_S, CHANNELS = 250, 30, 19
STEPS, COLUMNS = 2000, 6


def _soundfile() -> Any:
    import soundfile  # type: ignore[import-untyped]

    return soundfile


def _write_sound(path: Path, rng: np.random.Generator) -> None:
    time_s = np.arange(SOUND_HZ * SOUND_S) / SOUND_HZ
    tone = 0.4 * np.sin(2 * np.pi * rng.uniform(100, 900) * time_s) + rng.normal(0, 0.02, len(time_s))
    _soundfile().write(str(path), tone, SOUND_HZ, subtype="PCM_16")


def _open_sound(path: Path) -> Array:
    samples, _ = _soundfile().read(str(path), dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


def _write_edf(path: Path, rng: np.random.Generator) -> None:
    """EDF from its description: 16-bit steps, records of a second."""
    fixed = [("0", 8), ("X X X X", 80), ("Startdate 01-JAN-2020 X X X", 80), ("01.01.20", 8), ("10.00.00", 8)]
    fixed += [(f"{256 * (CHANNELS + 1)}", 8), ("", 44), (f"{EEG_S}", 8), ("1", 8), (f"{CHANNELS}", 4)]
    same = [
        ("", 80),
        ("uV", 8),
        ("-400", 8),
        ("400", 8),
        ("-32768", 8),
        ("32767", 8),
        ("", 80),
        (f"{EEG_HZ}", 8),
        ("", 32),
    ]
    columns = [[(f"EEG {number}", 16) for number in range(CHANNELS)], *([field] * CHANNELS for field in same)]
    text = "".join(value.ljust(width) for fields in (fixed, *columns) for value, width in fields)
    steps = rng.normal(0, 2000, (EEG_S, CHANNELS, EEG_HZ)).astype("<i2")
    path.write_bytes(text.encode("ascii") + steps.tobytes())


def _write_fif(path: Path, rng: np.random.Generator) -> None:
    with quiet():
        info = load_mne().create_info(CHANNELS, EEG_HZ, "eeg")
        volts = rng.normal(0, 2e-5, (CHANNELS, EEG_HZ * EEG_S))
        load_mne().io.RawArray(volts, info, verbose="error").save(path, verbose="error")


def _open_edf(path: Path) -> Array:
    return _microvolts(load_mne().io.read_raw_edf(str(path), verbose="error"))


def _open_fif(path: Path) -> Array:
    return _microvolts(load_mne().io.read_raw_fif(str(path), verbose="error"))


def _microvolts(raw: Any) -> Array:
    data: Array = raw.get_data() * 1e6
    return data.astype(np.float32)


def _write_csv(path: Path, rng: np.random.Generator) -> None:
    rows = rng.normal(size=(STEPS, COLUMNS)).round(6).tolist()
    lines = [[f"c{number}" for number in range(COLUMNS)], *([f"{value:g}" for value in row] for row in rows)]
    path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="ascii")


def _open_csv(path: Path) -> Array:
    return np.loadtxt(path, delimiter=",", skiprows=1).astype(np.float32)


def _audio(path: Path) -> Array:
    return read_audio(path, rate_hz=SOUND_HZ).numpy()


def _eeg(path: Path) -> Array:
    return read_recording(path).data.numpy()


FORMATS = (
    Format("audio", "WAV", ".wav", _write_sound, _audio, _open_sound, ("soundfile",)),
    Format("audio", "FLAC", ".flac", _write_sound, _audio, _open_sound, ("soundfile",)),
    Format("eeg", "EDF", ".edf", _write_edf, _eeg, _open_edf, ("mne",)),
    Format("eeg", "FIF", "_raw.fif", _write_fif, _eeg, _open_fif, ("mne",)),
    Format("series", "CSV", ".csv", _write_csv, lambda p: read_series(p).values.numpy(), _open_csv),
)
"""Every format of a signal."""
