"""Where the files lie, and what to tell a user who lacks them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from xmodal.errors import DataError

MNIST_SOURCE = "https://github.com/pmallari/MNIST"
SPOKEN_SOURCE = "https://github.com/Jakobovski/free-spoken-digit-dataset"
SOURCE = f"MNIST: {MNIST_SOURCE} (or any mirror); Free Spoken Digit Dataset: {SPOKEN_SOURCE}"
LICENCE = "MNIST: CC BY-SA 3.0 (LeCun, Cortes, Burges); Free Spoken Digit Dataset: CC BY-SA 4.0"
EXPECTED = (
    f"<root>/mnist/t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz ({MNIST_SOURCE}), and the folder recordings "
    f"of the Free Spoken Digit Dataset ({SPOKEN_SOURCE}) as <root>/fsdd/recordings"
)
_NAME = re.compile(r"([0-9])_([a-z]+)_([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Recording:
    """One file DIGIT_SPEAKER_NUMBER.wav."""

    path: Path
    digit: int
    speaker: str
    number: int


def images_file(root: Path) -> Path:
    """The 10,000 test images of MNIST."""
    return root / "mnist" / "t10k-images-idx3-ubyte.gz"


def labels_file(root: Path) -> Path:
    """Their labels."""
    return root / "mnist" / "t10k-labels-idx1-ubyte.gz"


def find_recordings(root: Path) -> list[Recording]:
    """All recordings, by number, digit and speaker.

    Raises:
        DataError: a file or folder is missing (says where to get it), or a .wav is not named DIGIT_SPEAKER_NUMBER.
    """
    folder = root / "fsdd" / "recordings"
    for path in (root, images_file(root), labels_file(root), folder):
        if not path.exists():
            raise DataError(path, expected=EXPECTED, found="no such file or folder")
    found = [_recording(path) for path in folder.glob("*.wav")]
    if not found:
        raise DataError(folder, expected=EXPECTED, found="no .wav in this folder")
    return sorted(found, key=lambda r: (r.number, r.digit, r.speaker))


def _recording(path: Path) -> Recording:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise DataError(path, expected="a name DIGIT_SPEAKER_NUMBER.wav such as 7_theo_0.wav", found=repr(path.name))
    digit, speaker, number = match.groups()
    return Recording(path, int(digit), speaker, int(number))
