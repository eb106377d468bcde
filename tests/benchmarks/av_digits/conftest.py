"""A made-up data set in the original formats: three speakers who say each digit three times, forty images."""

import gzip
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

SPEAKERS = ("anna", "bert", "cleo")


def idx_bytes(values: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes())


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


@pytest.fixture
def av_root(tmp_path: Path) -> Path:
    """Image i is flat with the grey i; its digit is i modulo 10. A recording of d is a tone of 200 + 100 d Hz."""
    root = tmp_path / "av"
    (root / "mnist").mkdir(parents=True)
    recordings = root / "fsdd" / "recordings"
    recordings.mkdir(parents=True)
    images = np.arange(100, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    (root / "mnist" / "t10k-images-idx3-ubyte.gz").write_bytes(idx_bytes(images))
    (root / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(idx_bytes(np.arange(100, dtype=np.uint8) % 10))
    for speaker in SPEAKERS:
        for digit in range(10):
            for number in range(3):
                tone = 0.5 * np.sin(2 * np.pi * (200 + 100 * digit) * np.arange(3000 + 100 * digit) / 8000)
                write_wav(recordings / f"{digit}_{speaker}_{number}.wav", tone)
    return root


@pytest.fixture
def write_idx(av_root: Path):
    """write_idx("images" or "labels", values) puts another file in the place of that one."""

    def write(kind: str, values: np.ndarray) -> None:
        axes = {"images": 3, "labels": 1}[kind]
        (av_root / "mnist" / f"t10k-{kind}-idx{axes}-ubyte.gz").write_bytes(idx_bytes(values))

    return write


@pytest.fixture
def tone():
    """tone(path) writes half a second of silence."""
    return lambda path: write_wav(path, np.zeros(4000))
