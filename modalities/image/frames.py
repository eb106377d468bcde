"""Frames of a video: a folder of images as [T, 3, H, W], and transforms that choose some of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, map_labels, set_entry, uniform
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.image.read import read_image

LARGEST_BYTES = 2**30
SUFFIXES = (".png", ".jpg", ".jpeg")


def read_frames(path: Path | str) -> Tensor:
    """The PNG and JPEG files of a folder as uint8 [T, 3, H, W], in order of the numbers in their names.

    Raises:
        DataError: no such folder, no image in it, a damaged image, images of different sizes, or more than 1 GiB.
    """
    path = Path(path)
    if not path.is_dir():
        raise DataError(path, expected="a folder of frames", found="a file" if path.exists() else "no such folder")
    files = sorted((f for f in path.iterdir() if f.suffix.lower() in SUFFIXES), key=_order)
    if not files:
        raise DataError(path, expected=f"files in one of {SUFFIXES}", found="none")
    frames = None
    for i, file in enumerate(files):
        frame = read_image(file)
        if frames is None:
            if len(files) * frame.numel() > LARGEST_BYTES:
                found = f"{len(files)} frames of {list(frame.shape)}"
                raise DataError(path, expected=f"at most {LARGEST_BYTES:,} bytes of pixels", found=found)
            frames = frame.new_empty(len(files), *frame.shape)
        if frame.shape != frames.shape[1:]:
            expected = f"{list(frames.shape[1:])}, as the first frame"
            raise DataError(file, expected=expected, found=f"{list(frame.shape)}")
        frames[i] = frame
    assert frames is not None
    return frames


def _order(file: Path) -> list[tuple[int, int, str]]:
    """frame2 comes before frame10."""
    parts = re.split(r"(\d+)", file.name)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]


class UniformFrames(EntryTransform):
    """Take the middle frame of each of `count` equal parts of the video: the same ones every time.

    A video with fewer frames gives some of them more than once.
    """

    fields = ("frames",)

    def __init__(self, count: int, key: str = "video") -> None:
        super().__init__(key)
        if count < 1:
            raise ConfigError(f"{type(self).__name__} needs a count of at least 1, not {count}")
        self.count = count

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        part = len(frames_of(sample, self.key)) / self.count
        return {"frames": [int((i + 0.5) * part) for i in range(self.count)]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        frames, chosen = frames_of(sample, self.key), params["frames"]
        if not all(0 <= i < len(frames) for i in chosen):
            found = f"{chosen}"
            raise DataError(f"frames of {sample.key!r}", expected=f"numbers from 0 to {len(frames) - 1}", found=found)

        def pick(rows: Tensor) -> Tensor:
            if len(rows) != len(frames):
                where = f"label of {self.key!r} in sample {sample.key!r}"
                raise DataError(where, expected=f"{len(frames)} rows, one a frame", found=f"{len(rows)}")
            return rows[chosen]

        return map_labels(set_entry(sample, self.key, frames[chosen]), self.key, pick)


class SegmentFrames(UniformFrames):
    """Take one random frame of each of `count` equal parts of the video.

    Wang et al., "Temporal Segment Networks", ECCV 2016.
    """

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        total = len(frames_of(sample, self.key))
        part = total / self.count
        chosen = [int(uniform(i * part, (i + 1) * part, generator)) for i in range(self.count)]
        return {"frames": [min(i, total - 1) for i in chosen]}


def frames_of(sample: Sample, key: str) -> Tensor:
    """The video [T, 3, H, W] of the entry `key`; a DataError if it is something else or has no frame."""
    entry = sample.entries[key]
    if isinstance(entry, Rows) or entry.ndim != 4 or entry.shape[1] != 3 or not len(entry):
        found = "a set" if isinstance(entry, Rows) else f"{list(entry.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected="a video [T, 3, H, W]", found=found)
    return entry
