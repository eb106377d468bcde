"""A made-up data set in the original formats: 90 frames of each movement, whose number shows in both sensors."""

from pathlib import Path

import numpy as np
import pytest

from xmodal.benchmarks.mars.layout import SUBJECTS, movements, radar_file, skeleton_file
from xmodal.benchmarks.mars.skeleton import CHANNELS
from xmodal.benchmarks.mars.windows import part_bounds

FRAMES = 90
POINTS_A_FRAME = 4


def radar_table(subject: int, movement: int, frames: int = FRAMES) -> np.ndarray:
    """[P, 8]: points around a height that tells the movement; frame numbers have a gap after the tenth."""
    random = np.random.default_rng(100 * subject + movement)
    frame = np.repeat(np.arange(frames) + 8 + 2 * (np.arange(frames) > 10), POINTS_A_FRAME)
    xyz = random.normal((0.0, 1.9, -1.0 + 0.2 * movement), 0.1, size=(len(frame), 3))
    rest = [random.normal(size=len(frame)), random.uniform(1, 90, len(frame)), 1.6e9 + 0.1 * frame]
    return np.column_stack([frame, np.full(len(frame), POINTS_A_FRAME), xyz, *rest])


def skeleton_table(subject: int, part: str) -> np.ndarray:
    """[n, 75] metres: the first column counts movement and frame, so that a wrong pairing shows."""
    rows = []
    for movement in movements(subject):
        for frame in range(*part_bounds(FRAMES)[part]):
            row = np.full(len(CHANNELS), 0.01 * movement)
            row[1] = 0.1 * movement + 0.001 * frame  # x of SpineMid
            rows.append(row)
    return np.array(rows)


def write_mat(path: Path, table: np.ndarray) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("radar_data_cropped", data=table.T)
    raw = bytearray(path.read_bytes())
    raw[:128] = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    path.write_bytes(raw)


def write_csv(path: Path, table: np.ndarray, names=CHANNELS) -> None:
    lines = [",".join(names), *(",".join(f"{v:.6g}" for v in row) for row in table)]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def whole_mars(tmp_path_factory) -> Path:
    """Do not write to it."""
    root = tmp_path_factory.mktemp("mars")
    for subject in SUBJECTS:
        skeleton_file(root, subject, "test").parent.mkdir(parents=True)
        for movement in movements(subject):
            write_mat(radar_file(root, subject, movement), radar_table(subject, movement))
        for part in ("train", "validate", "test"):
            if (subject, part) != (1, "train"):
                write_csv(skeleton_file(root, subject, part), skeleton_table(subject, part))
    return root


@pytest.fixture
def mars_root(whole_mars: Path, tmp_path: Path) -> Path:
    """A copy of links, in which single files can be replaced."""
    root = tmp_path / "mars"
    for path in whole_mars.rglob("*.*"):
        own = root / path.relative_to(whole_mars)
        own.parent.mkdir(parents=True, exist_ok=True)
        own.symlink_to(path)
    return root


@pytest.fixture
def put_radar(mars_root: Path):
    """put_radar(subject, movement, table) writes another file in the place of that one."""

    def put(subject: int, movement: int, table: np.ndarray) -> Path:
        path = radar_file(mars_root, subject, movement)
        path.unlink()
        write_mat(path, table)
        return path

    return put


@pytest.fixture
def put_skeletons(mars_root: Path):
    """put_skeletons(subject, part, table, names) writes another file in the place of that one."""

    def put(subject: int, part: str, table: np.ndarray, names=CHANNELS) -> Path:
        path = skeleton_file(mars_root, subject, part)
        path.unlink(missing_ok=True)
        write_csv(path, table, names)
        return path

    return put


@pytest.fixture
def tables():
    """(radar_table, skeleton_table): what the files hold."""
    return radar_table, skeleton_table
