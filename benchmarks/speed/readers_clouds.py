"""Clouds of points of the readers bench."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from xmodal.benchmarks.speed.readers_format import Array, Format
from xmodal.modalities.lidar.points import read_points

POINTS = 20_000
_HEADER = """# .PCD v0.7 - Point Cloud Data file format
VERSION 0.7
FIELDS x y z intensity
SIZE 4 4 4 4
TYPE F F F F
COUNT 1 1 1 1
WIDTH {points}
HEIGHT 1
VIEWPOINT 0 0 0 1 0 0 0
POINTS {points}
DATA {kind}
"""


def _cloud(rng: np.random.Generator) -> Array:
    """[P, 4]: metres to the millimetre, as drivers write them, and a reflectance."""
    xyz = rng.normal(0, 20, (POINTS, 3)).round(3)
    return np.concatenate([xyz, rng.random((POINTS, 1)).round(2)], axis=1).astype("<f4")


def _write_bin(path: Path, rng: np.random.Generator) -> None:
    path.write_bytes(_cloud(rng).tobytes())


def _write_npy(path: Path, rng: np.random.Generator) -> None:
    np.save(path, _cloud(rng))


def _write_binary(path: Path, rng: np.random.Generator) -> None:
    path.write_bytes(_HEADER.format(points=POINTS, kind="binary").encode() + _cloud(rng).tobytes())


def _write_ascii(path: Path, rng: np.random.Generator) -> None:
    rows = "".join(" ".join(f"{value:g}" for value in row) + "\n" for row in _cloud(rng).tolist())
    path.write_text(_HEADER.format(points=POINTS, kind="ascii") + rows, encoding="ascii")


def _open_bin(path: Path) -> Array:
    return np.fromfile(path, "<f4").reshape(-1, 4)


def _open_binary(path: Path) -> Array:
    data = path.read_bytes()
    return np.frombuffer(data, "<f4", offset=data.index(b"DATA binary\n") + 12).reshape(-1, 4)


def _open_ascii(path: Path) -> Array:
    return np.loadtxt(path, dtype=np.float32, skiprows=_HEADER.count("\n"))


def _ours(path: Path) -> Array:
    return read_points(path).values.numpy()


FORMATS = (
    Format("lidar", "KITTI", ".bin", _write_bin, _ours, _open_bin),
    Format("lidar", "npy", ".npy", _write_npy, _ours, np.load),
    Format("lidar", "PCD, binary", ".pcd", _write_binary, _ours, _open_binary),
    Format("lidar", "PCD, ascii", ".pcd", _write_ascii, _ours, _open_ascii),
)
"""Every format of a cloud."""
