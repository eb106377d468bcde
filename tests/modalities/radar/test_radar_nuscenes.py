"""nuScenes radar: 18 fields, the data set's own filters, and the empty scan that a NaN stands for."""

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.radar.columns import COLUMNS, RCS, TIME, V_R, V_R_COMP, VX, VY
from xmodal.modalities.radar.nuscenes import nuscenes_rows, read_nuscenes_radar
from xmodal.modalities.radar.read import read_radar

NAMES = (
    "x y z dyn_prop id rcs vx vy vx_comp vy_comp "
    "is_quality_valid ambig_state x_rms y_rms invalid_state pdh0 vx_rms vy_rms"
)
SIZES = "4 4 4 1 2 4 4 4 4 4 1 1 1 1 1 1 1 1"
TYPES = "F F F I I F F F F F I I I I I I I I"
DTYPE = np.dtype([(n, f"<{t.lower()}{s}") for n, s, t in zip(NAMES.split(), SIZES.split(), TYPES.split(), strict=True)])


def scan(count=20):
    rng = np.random.default_rng(0)
    table = np.zeros(count, DTYPE)
    for name in ("x", "y", "rcs", "vx", "vy", "vx_comp", "vy_comp"):
        table[name] = rng.normal(0, 10, count)
    table["id"], table["ambig_state"], table["dyn_prop"] = np.arange(count), 3, np.arange(count) % 7
    return table


def write(path, table, names=NAMES, sizes=SIZES, encoding="binary", end=b"\0"):
    text = (
        f"# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS {names}\nSIZE {sizes}\nTYPE {TYPES}\n"
        f"COUNT {' '.join(['1'] * 18)}\nWIDTH {len(table)}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(table)}\n"
        f"DATA {encoding}\n"
    )
    path.write_bytes(text.encode() + table.tobytes() + end)
    return path


@pytest.mark.parametrize("end", [b"", b"\0"])
def test_every_field_comes_back_as_it_was_written(tmp_path, end):
    points = read_nuscenes_radar(write(tmp_path / "a.pcd", scan(), end=end))
    assert points.dtype == DTYPE
    assert points.tobytes() == scan().tobytes()


def test_the_default_filters_keep_what_is_valid_unambiguous_and_not_stopped(tmp_path):
    table = scan(6)
    table["invalid_state"][1], table["dyn_prop"][2], table["ambig_state"][3] = 4, 7, 2
    path = write(tmp_path / "a.pcd", table)
    assert read_nuscenes_radar(path)["id"].tolist() == [0, 4, 5]
    assert read_nuscenes_radar(path, dyn_prop=range(8))["id"].tolist() == [0, 2, 4, 5]
    assert read_nuscenes_radar(path, (0, 4), range(8), range(5))["id"].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_first_point_of_nan_is_an_empty_scan(tmp_path):
    table = scan(1)
    table["x"] = np.nan
    path = write(tmp_path / "a.pcd", table)
    assert len(read_nuscenes_radar(path)) == 0
    assert read_radar(path).values.shape == (0, len(COLUMNS))


def test_a_later_nan_is_a_fault(tmp_path):
    table = scan()
    table["vy"][3] = np.nan
    with pytest.raises(DataError, match="points: expected finite numbers, found 1 bad points, the first at row 3"):
        read_nuscenes_radar(write(tmp_path / "a.pcd", table))


def test_the_cloud_has_radial_velocities_along_the_line_of_sight(tmp_path):
    table = scan(2)
    table["x"], table["y"], table["rcs"] = [3, 0], [4, -10], [7, -5]
    table["vx"], table["vy"] = [-3, 0], [-4, -2]  # the first comes nearer at 5 m/s, the second leaves at 2 m/s
    table["vx_comp"], table["vy_comp"] = [0.6, 0], [0.8, 0]
    values = read_radar(write(tmp_path / "a.pcd", table)).values
    assert values.dtype == torch.float32
    assert values[:, V_R].tolist() == pytest.approx([-5, 2])
    assert values[:, V_R_COMP].tolist() == pytest.approx([1, 0])
    assert torch.allclose(values[:, [VX, VY]], torch.tensor([[0.6, 0.8], [0, 0]]))
    assert values[:, RCS].tolist() == [7, -5]
    assert values[:, TIME].tolist() == [0, 0]


def test_a_point_at_the_radar_itself_is_finite():
    assert nuscenes_rows(np.zeros(1, DTYPE)).values.isfinite().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": NAMES.replace("rcs", "rcz")}, "FIELDS: expected the 18 fields x y z dyn_prop"),
        ({"sizes": SIZES.replace("2", "4")}, "field id: expected one number of type int16, found 1 of type int32"),
        ({"encoding": "ascii"}, "DATA: expected binary, found ascii"),
        ({"end": b"\0" * 43}, "points: expected 20 x 43 bytes, as its header says, found 903 bytes"),
    ],
)
def test_a_fault_is_named(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read_nuscenes_radar(write(tmp_path / "a.pcd", scan(), **changes))


def test_damaged_files_give_points_or_a_good_error(tmp_path):
    assert survive(read_radar, write(tmp_path / "a.pcd", scan()), 200) > 60
