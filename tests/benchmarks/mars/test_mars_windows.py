"""Windows: both sensors at the same frames, statistics that mean what their names say, no frame twice."""

import numpy as np
import pytest
import torch

from xmodal.benchmarks.mars.skeleton import JOINTS
from xmodal.benchmarks.mars.statistics import NAMES, radar_statistics
from xmodal.benchmarks.mars.windows import read_windows
from xmodal.modalities.radar.columns import TIME, V_R, X, Y, Z

PLACE = {name: i for i, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def windows(whole_mars):
    return read_windows(whole_mars)


def test_each_window_pairs_the_skeletons_and_points_of_the_same_frames(windows, tables):
    for window in windows[:: len(windows) // 40]:
        subject, movement, _, start = window.key.split("/")
        spine = window.entries["series/skeleton"][:, JOINTS.index("SpineMid")]
        first = 0.1 * int(movement) + 0.001 * int(start) - 0.01 * int(movement)
        torch.testing.assert_close(spine, first + 0.001 * torch.arange(16.0), atol=1e-5, rtol=0)
        table = tables[0](int(subject[-1]), int(movement))[4 * int(start) : 4 * (int(start) + 16)]
        points = window.entries["radar"].values.double().numpy()
        np.testing.assert_allclose(points[:, [X, Z, V_R]], table[:, [3, 4, 5]], atol=1e-6)
        np.testing.assert_allclose(points[:, Y], -table[:, 2], atol=1e-6)
        assert points[:, TIME].tolist() == np.repeat(np.arange(-15.0, 1.0), 4).tolist()
        assert window.labels["movement"] == int(movement) - 1


def test_no_two_parts_share_a_frame(windows):
    seen = {}
    for window in windows:
        subject, movement, part, start = window.key.split("/")
        for frame in range(int(start), int(start) + 16):
            assert seen.setdefault((subject, movement, frame), part) == part


def test_keys_are_unique_and_the_numbers_are_those_of_the_files(windows):
    assert len({w.key for w in windows}) == len(windows)
    whole, cut = 5 + 1 + 1, 1 + 1  # 90 frames: 54, 18, 18; subject 1 lacks the first part
    assert len(windows) == 10 * cut + 10 * whole + 10 * whole + 9 * whole


def test_statistics_name_every_number(windows):
    assert windows[0].entries["series/radar"].shape == (1, len(NAMES))
    assert len(set(NAMES)) == len(NAMES)


def test_statistics_of_points_counted_by_hand():
    points = np.array([[0.0, 1.9, 0.3, 0.5, 10.0], [0.0, 1.9, 0.3, -0.5, 10.0], [0.0, 1.9, 1.3, 0.0, 10.0]])
    numbers = radar_statistics(points, np.array([0, 0, 1]), frames=2)
    value = {name: float(numbers[i]) for name, i in PLACE.items()}
    assert value["points: mean"] == pytest.approx((np.log(3) + np.log(2)) / 4)
    assert value["front 4,4 points: mean"] == pytest.approx(np.log(3) / 2)
    assert value["front 4,7 points: mean"] == pytest.approx(np.log(2) / 2)
    assert value["front 4,4 speed: mean"] == pytest.approx(0.5)
    assert value["front 4,4 Doppler: mean"] == 0
    assert value["mean z: mean"] == pytest.approx(2.0)
    assert value["mean z: step"] == pytest.approx(4.0)
    assert value["moving share: deviation"] == pytest.approx(1.0)
    assert value["Doppler least: mean"] == pytest.approx(-0.25)


def test_cells_move_with_the_person_and_the_order_of_points_does_not_matter():
    random = np.random.default_rng(0)
    points = np.column_stack([random.normal(size=(60, 3)) * 0.3 + [0, 1.9, 0.3], random.normal(size=(60, 2)) ** 2 + 1])
    frame = np.repeat(np.arange(15), 4)
    cells = [i for name, i in PLACE.items() if name.split()[0] in ("front", "side", "top")]
    base = radar_statistics(points, frame)
    aside = radar_statistics(points + np.array([0.7, 0.4, 0, 0, 0]), frame)
    torch.testing.assert_close(aside[cells], base[cells], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(aside, base)
    order = np.argsort(frame + random.uniform(0, 0.9, 60))
    torch.testing.assert_close(radar_statistics(points[order], frame), base, atol=1e-5, rtol=1e-5)


def test_a_window_without_points_gives_finite_numbers():
    assert radar_statistics(np.zeros((0, 5)), np.zeros(0, np.int64)).isfinite().all()
