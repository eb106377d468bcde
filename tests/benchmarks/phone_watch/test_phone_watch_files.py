"""Missing, unequal and damaged recordings: one error that names file and field; pauses and doubled time stamps."""

import pytest
import torch

from xmodal.benchmarks.phone_watch.layout import executions
from xmodal.benchmarks.phone_watch.recording import ACTIVITIES, COLUMNS
from xmodal.benchmarks.phone_watch.windows import read_windows
from xmodal.errors import DataError


def windows(root, window_s=1.0):
    return read_windows(next(e for e in executions(root) if e.key == "s02_01"), window_s, 0.1)


def replaced(row, place, value):
    return [*row[:place], value, *row[place + 1 :]]


def test_both_devices_are_brought_to_one_clock(phone_root):
    for window in windows(phone_root):
        phone, watch = (window.entries[f"series/{device}"][:, 0] for device in ("phone", "watch"))
        torch.testing.assert_close(phone, watch, atol=2e-3, rtol=0)  # stamps are whole milliseconds
        torch.testing.assert_close(phone.diff(), torch.full((99,), 0.01), atol=2e-3, rtol=0)
        assert phone[0] == pytest.approx(float(window.key.split("/")[1]) / 100 + 0.007, abs=2e-3)


def test_a_window_has_the_label_of_what_fills_it(phone_root):
    found = windows(phone_root)
    assert {w.meta["activity"] for w in found} == set(ACTIVITIES)
    for window in found:
        own = (window.entries["series/phone"][:, 1] - 0.2 - window.labels["activity"]).abs() < 0.01
        assert own.float().mean() >= 0.78


def test_windows_across_a_pause_are_left_out(phone_root, put):
    whole = windows(phone_root)
    put(lambda rows: [row for row in rows if not 2.0 < row[0] < 2.4], "sp")
    kept = windows(phone_root)
    assert {w.key for w in kept} < {w.key for w in whole}
    starts = [int(w.key.split("/")[1]) / 100 + 0.007 for w in kept]
    assert not any(start < 2.35 and start + 0.99 > 2.05 for start in starts)


def test_values_of_one_millisecond_are_averaged(phone_root, put):
    put(lambda rows: [r for row in rows for r in (replaced(row, 2, 1.0), replaced(row, 2, 3.0))])
    for window in windows(phone_root):
        torch.testing.assert_close(window.entries["series/watch"][:, 2], torch.full((100,), 2.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[::-1], r"timestamp: expected milliseconds that never run backwards"),
        (
            lambda rows: [replaced(row, 3, "nan") for row in rows],
            "x_gyro: expected finite numbers, found nan in line 2",
        ),
        (lambda rows: [replaced(row, 1, "left") for row in rows], "column 'y_acc': expected a number"),
        (
            lambda rows: [replaced(row, 7, "JUMPING") for row in rows],
            "label in line 2: expected one of SEATED.*JUMPING",
        ),
        (lambda rows: [row[:7] for row in rows], "line 2: expected 8 cells, found 7"),
        (
            lambda rows: [replaced(row, 7, "WALKING") for row in rows],
            "_sw.csv: label: expected the activities of s02_01_sp",
        ),
        (lambda rows: [replaced(row, 6, row[6] + 10**7) for row in rows], "timestamp: expected at least 1 s that both"),
    ],
)
def test_a_recording_that_breaks_a_rule(phone_root, put, change, message):
    put(change)
    with pytest.raises(DataError, match=message):
        windows(phone_root)


@pytest.mark.parametrize("missing", ["z_gyro", "timestamp", "label"])
def test_a_missing_column_is_named(phone_root, put, missing):
    place = COLUMNS.index(missing)
    names = COLUMNS[:place] + COLUMNS[place + 1 :]
    path = put(lambda rows: [row[:place] + row[place + 1 :] for row in rows], names=names)
    with pytest.raises(DataError, match=f"{path.name}.*{missing}"):
        windows(phone_root)


def test_an_execution_without_its_watch(phone_root):
    (phone_root / "DATA" / "s03" / "s03_02_sw.csv").unlink()
    with pytest.raises(DataError, match=r"s03_02_sw\.csv: expected a file of each device.*found no such file"):
        executions(phone_root)


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(DataError, match=r"github\.com/GeoTecINIT.*no such folder"):
        executions(tmp_path)
    (tmp_path / "DATA").mkdir()
    with pytest.raises(DataError, match="found no recording"):
        executions(tmp_path)
