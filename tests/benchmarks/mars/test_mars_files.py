"""Missing, unequal and damaged files: one error that names file and field."""

import re
from itertools import pairwise

import numpy as np
import pytest

from xmodal.benchmarks.mars.layout import radar_file, skeleton_file
from xmodal.benchmarks.mars.radar import read_radar
from xmodal.benchmarks.mars.skeleton import CHANNELS, read_skeletons
from xmodal.benchmarks.mars.windows import part_bounds, read_parts, read_windows
from xmodal.errors import DataError


@pytest.mark.parametrize("file", [lambda r: radar_file(r, 3, 4), lambda r: skeleton_file(r, 2, "validate")])
def test_a_missing_file_is_named_with_where_to_get_it(mars_root, file):
    file(mars_root).unlink()
    with pytest.raises(DataError, match=f"{file(mars_root).name}.*github.com/SizheAn/MARS.*no such file"):
        read_windows(mars_root)


def test_what_the_repository_itself_lacks_may_be_missing_or_there(mars_root, put_skeletons, tables):
    without = read_windows(mars_root)
    assert {s.meta["part"] for s in without if s.meta["subject"] == "subject1"} == {"validate", "test"}
    put_skeletons(1, "train", tables[1](1, "train"))
    assert len(read_windows(mars_root)) == len(without) + 10 * 5


def test_skeletons_that_do_not_match_the_radar_frames(mars_root, put_radar, tables):
    put_radar(2, 5, tables[0](2, 5, frames=80))
    with pytest.raises(
        DataError, match=r"subject2/timesplit/kinect_data_train\.csv: expected 534 rows.*found 540 rows"
    ):
        read_windows(mars_root)


def test_a_cut_that_moves_frames_between_parts_is_found_by_its_counts(mars_root):
    with pytest.raises(DataError, match="expected 55 rows"):
        read_parts(mars_root, 2, {1: 91})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:, :7], "expected points with the 8 columns frame.*found 7 columns"),
        (lambda t: np.where(np.arange(8) == 5, np.nan, t), "Doppler: expected finite numbers, found nan at point 0"),
        (lambda t: t * np.where(np.arange(8) == 6, -1, 1), "intensity: expected positive numbers"),
        (lambda t: t[::-1], "frame: expected numbers that never run backwards"),
        (lambda t: np.column_stack([t[:, :7], t[::-1, 7]]), "time: expected numbers that never run backwards"),
    ],
)
def test_a_radar_file_that_breaks_a_rule(mars_root, put_radar, tables, change, message):
    path = put_radar(2, 1, change(tables[0](2, 1)))
    with pytest.raises(DataError, match=message) as caught:
        read_radar(path)
    assert str(path) in str(caught.value)


def test_a_skeleton_file_with_another_number_of_columns(mars_root, put_skeletons, tables):
    path = put_skeletons(2, "test", tables[1](2, "test")[:, :74], CHANNELS[:74])
    with pytest.raises(DataError, match=r"kinect_data_test\.csv: columns: expected the 75 columns.*found 74"):
        read_skeletons(path)


def test_joints_in_another_order_are_not_taken_for_others(mars_root, put_skeletons, tables):
    path = put_skeletons(2, "test", tables[1](2, "test"), (CHANNELS[1], CHANNELS[0], *CHANNELS[2:]))
    with pytest.raises(DataError, match="another order"):
        read_skeletons(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_joint_that_cannot_be(mars_root, put_skeletons, tables, value):
    table = tables[1](2, "test")
    table[3, 2] = value
    message = re.escape(f"Neck_X: expected metres from -10 to 10, found {value:g} in line 5")
    with pytest.raises(DataError, match=message):
        read_skeletons(put_skeletons(2, "test", table))


@pytest.mark.parametrize("frames", [1, 2, 7, 90, 982, 1325])
def test_the_parts_of_a_movement_hold_each_frame_once(frames):
    bounds = list(part_bounds(frames).values())
    assert bounds[0][0] == 0
    assert bounds[-1][1] == frames
    assert all(first[1] == then[0] for first, then in pairwise(bounds))
