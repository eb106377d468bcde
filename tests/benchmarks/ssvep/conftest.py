"""Made-up recordings in the original layout: flicker lines of known strength in noise, at the scale of the files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xmodal.benchmarks.ssvep.session import CHANNELS

mne = pytest.importorskip("mne")
RATE_HZ, FIRST_S, EVERY_S = 256.0, 3.0, 6.0
FLICKER_HZ = {1: 0.0, 2: 13.0, 3: 21.0, 4: 17.0}
WriteSession = Callable[..., Path]


def write_session(
    folder: Path,
    *,
    codes: tuple[int, ...] = (1, 2, 3, 4, 1, 2, 3, 4),
    channels: tuple[str, ...] = CHANNELS,
    rate_hz: float = RATE_HZ,
    tail_s: float = 6.0,
    events: bool = True,
    scale: float = 1.0,
    name: str = "record-[2012.01.01-10.00.00]",
    seed: int = 0,
) -> Path:
    """record-[...]_raw.fif and -eve.fif; the flicker stands on every electrode, its strength is 1 on noise of 1."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    length_s = FIRST_S + EVERY_S * (len(codes) - 1) + tail_s
    time_s = np.arange(round(length_s * rate_hz)) / rate_hz
    data = rng.standard_normal((len(channels), len(time_s)))
    onsets = [FIRST_S + EVERY_S * i for i in range(len(codes))]
    for onset, code in zip(onsets, codes, strict=True):
        during = (time_s >= onset) & (time_s < onset + 5)
        data[:, during] += np.sin(2 * np.pi * FLICKER_HZ.get(code, 0.0) * time_s[during])
    path = folder / f"{name}_raw.fif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = mne.create_info(list(channels), rate_hz, "eeg", verbose="error")
        mne.io.RawArray(data * scale, info, verbose="error").save(path, overwrite=True, verbose="error")
        if events:
            rows = np.array([[round(onset * rate_hz), 0, code] for onset, code in zip(onsets, codes, strict=True)])
            mne.write_events(folder / f"{name}-eve.fif", rows, overwrite=True, verbose="error")
    return path


@pytest.fixture
def write(tmp_path: Path) -> WriteSession:
    """write(subject, **as in write_session) -> the recording, under tmp_path."""

    def inside(subject: str, **options: object) -> Path:
        return write_session(tmp_path / subject, **options)  # type: ignore[arg-type]

    return inside


@pytest.fixture(scope="session")
def ssvep_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four subjects; the second recorded two sessions."""
    root = tmp_path_factory.mktemp("ssvep")
    for number in range(1, 5):
        write_session(root / f"subject{number:02d}", seed=number, scale=10.0**number * 1e-6)
    write_session(root / "subject02", name="record-[2012.01.02-10.00.00]", seed=9)
    return root
