"""Cuts the recordings into windows of frames that skeleton and radar share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.benchmarks.mars.layout import MOVEMENTS, PARTS, SUBJECTS, check_files, movements, radar_file, skeleton_file
from xmodal.benchmarks.mars.radar import Recording, read_radar
from xmodal.benchmarks.mars.skeleton import CHANNELS, from_hips, read_skeletons
from xmodal.benchmarks.mars.statistics import NAMES, radar_statistics
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.radar.columns import radar_rows

SKELETON, RADAR, POINTS = "series/skeleton", "series/radar", "radar"
FRAMES, STRIDE = 16, 8
RATE_HZ = 10.0
CHANNEL_NAMES = {SKELETON: CHANNELS, RADAR: NAMES}

Skeletons = NDArray[np.float32]


def read_windows(root: Path) -> list[Sample]:
    """All windows of the data set, by subject, movement and time; a Sample each as `make_sample` says.

    Raises:
        DataError: a file is missing (says where to get it) or breaks its format, or the numbers of frames disagree.
    """
    check_files(root)
    samples: list[Sample] = []
    for subject in SUBJECTS:
        recordings = {m: read_radar(radar_file(root, subject, m)) for m in movements(subject)}
        skeletons = read_parts(root, subject, {m: len(r) for m, r in recordings.items()})
        for movement, recording in recordings.items():
            for part, (first, last) in part_bounds(len(recording)).items():
                if part in skeletons:
                    own = skeletons[part][movement]
                    samples += _cut(f"subject{subject}/{movement}/{part}", recording, own, first, last)
    return samples


def part_bounds(frames: int) -> dict[str, tuple[int, int]]:
    """Where the data set's authors cut a movement in time: 60 % to train, 20 % to validate, the rest to test."""
    train = math.ceil(0.6 * frames)
    validate = min(train + math.ceil(0.2 * frames), frames)
    return dict(zip(PARTS, ((0, train), (train, validate), (validate, frames)), strict=True))


def read_parts(root: Path, subject: int, frames: Mapping[int, int]) -> dict[str, dict[int, Skeletons]]:
    """By part, by movement: the skeletons [n, 75] of one subject; a part whose file is absent is left out.

    Args:
        frames: by movement: how many frames the radar recorded.

    Raises:
        DataError: a file holds more or fewer skeletons than the radar has frames.
    """
    found = {}
    for part in PARTS:
        path = skeleton_file(root, subject, part)
        if not path.exists():  # only where `check_files` lets it pass
            continue
        table = read_skeletons(path)
        ends = np.cumsum([hi - lo for lo, hi in (part_bounds(n)[part] for n in frames.values())])
        if len(table) != ends[-1]:
            expected = f"{ends[-1]} rows, one for each radar frame of this part in the {len(frames)} radar_data*.mat"
            raise DataError(path, expected=expected, found=f"{len(table)} rows")
        found[part] = dict(zip(frames, np.split(table, ends[:-1]), strict=True))
    return found


def _cut(where: str, recording: Recording, skeletons: Skeletons, first: int, last: int) -> Iterator[Sample]:
    # Windows never cross the bounds of a part, so that parts share no frame.
    for start in range(first, last - FRAMES + 1, STRIDE):
        at = start - first
        yield make_sample(f"{where}/{start:04d}", recording, skeletons[at : at + FRAMES], start)


def make_sample(key: str, recording: Recording, skeletons: Skeletons, start: int) -> Sample:
    """One window.

    Args:
        key: subject<s>/<movement>/<part>/<first frame>.
        skeletons: [16, 75] of these frames.
        start: its first frame in the recording.

    Returns:
        entries "series/skeleton" [16, 75] metres from the hips, "series/radar" [1, F] (`radar_statistics`, one step
        for the whole window) and "radar" Rows([P, 9]), the points of all 16 frames: x away from the radar, 10 log10 of
        the sensor's own intensity for the cross-section (so no dBsm), the last frame at time 0; label "movement".
    """
    points, frame = recording.window(start, FRAMES)
    subject, movement, part, _ = key.split("/")
    return Sample(
        key=key,
        entries={
            SKELETON: torch.from_numpy(from_hips(skeletons)),
            RADAR: radar_statistics(points, frame, FRAMES).unsqueeze(0),
            POINTS: _cloud(points, frame),
        },
        labels={"movement": torch.tensor(int(movement) - 1)},
        meta={
            "subject": subject,
            "movement": MOVEMENTS[int(movement) - 1],
            "part": part,
            "channels": CHANNEL_NAMES,
            "rate_hz": {SKELETON: RATE_HZ},
        },
    )


def _cloud(points: NDArray[np.float64], frame: NDArray[np.int64]) -> Rows:
    x, y, z, doppler, intensity = points.T
    forward, left = y, -x
    across = np.maximum(np.hypot(forward, left), 1e-6)
    speed = (doppler * forward / across, doppler * left / across)
    columns = (forward, left, z, 10 * np.log10(intensity), doppler, doppler, *speed, frame - (FRAMES - 1))
    return radar_rows(np.stack(columns, axis=1))
