"""Read a sound file: WAV, FLAC or Ogg to float32 [C, T] at the rate asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xmodal.errors import DataError, XmodalError
from xmodal.modalities.audio.containers import check_ogg, check_wav
from xmodal.modalities.audio.resample import check_ratio, resample

RATE_HZ = 16_000
LONGEST_S, MOST_SAMPLES, MOST_CHANNELS = 3600.0, 2**26, 64
SLOWEST_HZ, FASTEST_HZ = 100, 768_000
_KINDS = {b"RIFF": "WAV", b"fLaC": "FLAC", b"OggS": "Ogg"}


def read_audio(path: Path | str, rate_hz: int = RATE_HZ, longest_s: float = LONGEST_S) -> Tensor:
    """The waveform of a .wav, .flac or .ogg file: float32 [C, T] at `rate_hz`, full scale at ±1.

    Another rate in the file is changed to `rate_hz` by band-limited interpolation; a file at that rate comes as it is.

    Args:
        longest_s: refuse longer recordings, before any memory is taken for them. So are those above 2^26 samples,
            all channels together, in the file or at `rate_hz`.

    Raises:
        DataError: the file is missing, truncated or garbled, too long, or holds no samples, NaN or infinity.
        XmodalError: soundfile is not installed.
    """
    path = Path(path)
    try:
        import soundfile  # type: ignore[import-untyped]
    except (ImportError, OSError) as error:  # OSError: its library of C code is missing
        raise XmodalError("reading audio needs soundfile: pip install 'xmodal[audio]'") from error
    kind, frames = _check_container(path)
    try:
        with soundfile.SoundFile(str(path)) as file:
            _check_header(path, file, frames, rate_hz, longest_s)
            found_hz, expected = int(file.samplerate), int(file.frames)
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        size = path.stat().st_size
        found = f"{size} bytes that do not decode ({type(error).__name__})"
        raise DataError(path, expected=f"a complete {kind} file", found=found) from error
    if len(samples) != expected:
        raise DataError(
            f"{path}: samples", expected=f"{expected} a channel, as the header says", found=f"{len(samples)}"
        )
    finite = np.isfinite(samples)
    if not finite.all():
        count = int((~finite).sum())
        raise DataError(f"{path}: samples", expected="finite numbers", found=f"{count} that are NaN or infinite")
    waveform = torch.from_numpy(samples).T.contiguous()  # [C, T]
    return resample(waveform, found_hz, rate_hz)


def _check_container(path: Path) -> tuple[str, int | None]:
    """The kind of file, and its samples a channel where the container gives them."""
    if not path.is_file():
        raise DataError(path, expected="a WAV, FLAC or Ogg file", found="no such file")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic not in _KINDS:
        expected = "a WAV, FLAC or Ogg file (RIFF, fLaC or OggS at its start)"
        raise DataError(path, expected=expected, found=repr(magic) if magic else "an empty file")
    if magic == b"RIFF":
        return "WAV", check_wav(path)
    if magic == b"OggS":
        check_ogg(path)
    return _KINDS[magic], None


def _check_header(path: Path, file: Any, frames: int | None, rate_hz: int, longest_s: float) -> None:
    """Refuse a header that cannot be true, or a recording too long, before memory is taken on its word."""
    found_hz, channels, count = int(file.samplerate), int(file.channels), int(file.frames)
    if not SLOWEST_HZ <= found_hz <= FASTEST_HZ:
        expected = f"{SLOWEST_HZ} to {FASTEST_HZ} Hz"
        raise DataError(f"{path}: sampling rate", expected=expected, found=f"{found_hz} Hz")
    check_ratio(path, found_hz, rate_hz)
    if not 1 <= channels <= MOST_CHANNELS:
        raise DataError(f"{path}: channels", expected=f"1 to {MOST_CHANNELS}", found=f"{channels}")
    if count < 1:
        raise DataError(f"{path}: samples", expected="at least 1", found=f"{count}")
    if frames is not None and frames != count:
        raise DataError(f"{path}: samples a channel", expected=f"{frames} by the data chunk", found=f"{count}")
    total = channels * max(count, count * rate_hz // found_hz)
    if count > longest_s * found_hz or total > MOST_SAMPLES:
        expected = f"at most {longest_s:g} s and {MOST_SAMPLES:,} samples in all"
        found = f"{count / found_hz:,.1f} s of {channels} channels"
        raise DataError(f"{path}: length", expected=expected, found=found)
