"""The LiDAR bench: what it compares is the same, a side that errs is refused, and its rows say what was measured."""

import json

import numpy as np
import pytest
import torch

from xmodal.benchmarks.speed import comparison, lidar, lidar_clouds, lidar_pairs, lidar_rays, lidar_sparse, lidar_voxels
from xmodal.benchmarks.speed.comparison import Comparison, agree, figures
from xmodal.errors import XmodalError
from xmodal.modalities.lidar.spconv_guard import load_spconv

QUICK = ["--scans", "2", "--beams", "8", "--scenes", "1", "--rays", "40", "--rounds", "2"]


@pytest.fixture(scope="module")
def batch():
    return lidar_clouds.batch(2, beams=8)


def test_every_part_but_the_convolution_compares_equals(batch):
    made = [
        *lidar_voxels.comparisons(batch.ragged("lidar")),
        *lidar_rays.comparisons(scenes=1, rays=300),
        *lidar_pairs.comparisons(batch),
    ]
    assert [len(one.others) for one in made] == [1, 1, 0, 1, 1, 1]
    for one in made:
        one.check()
        assert sum(a.size for a in one.calls["ours"]()) > 100, one.case


def test_the_loop_over_rays_meets_solids_ground_and_sky():
    (_, rays) = lidar_rays.comparisons(scenes=1, rays=300)
    ranges, primitives = rays.calls["a loop over rays"]()
    assert len(np.unique(primitives)) > 20
    assert np.isinf(ranges).any()
    assert (np.isinf(ranges) == (primitives == -1)).all()


@pytest.mark.parametrize("number", range(len(lidar_sparse.PASSES)))
def test_the_sparse_convolution_is_that_without_the_guard_and_the_dense_one(batch, number):
    _needs_spconv()
    made = lidar_sparse.comparisons(batch.ragged("lidar"))[number]
    assert made.others == ["unguarded, one thread", "dense conv3d"]
    made.check()
    answer = made.calls["ours"]()
    shapes = [(made.count["ours"], lidar_sparse.WIDTH)] * 2 + [(lidar_sparse.WIDTH, 3, 3, 3, lidar_sparse.WIDTH)]
    assert [a.shape for a in answer] == (shapes if number else shapes[:1])


def test_the_guard_and_the_threads_come_back_after_an_error():
    spconv, threads = _needs_spconv(), torch.get_num_threads()
    guarded = {name: getattr(spconv.ops, name) for name in (*lidar_sparse.GUARDED, "get_current_stream")}

    def fail():
        with lidar_sparse._one_thread(), lidar_sparse._without_guard(spconv.ops):
            assert spconv.ops.indice_conv is guarded["indice_conv"].__wrapped__
            assert torch.get_num_threads() == 1
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert all(getattr(spconv.ops, name) is function for name, function in guarded.items())
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ([np.array([1.0, np.nan]), np.arange(3)], None),
        ([np.array([1.0, 2.0]), np.arange(3)], "array 0: expected what ours found, found 1 of 2 others"),
        ([np.array([1.0, np.nan]), np.array([0, 1, 3])], "array 1: expected what ours found, found 1 of 3"),
        ([np.array([1.0, np.nan]), np.arange(4)], r"array 1: expected \[3\], found \[4\]"),
        ([np.array([1.0, np.nan])], "expected 2 arrays, found 1"),
    ],
)
def test_a_side_that_finds_something_else_is_refused(other, text):
    ours = [np.array([1.0, np.nan]), np.arange(3)]
    made = Comparison("part", "case", "points", {"ours": lambda: ours, "by hand": lambda: other}, {})
    if text is None:
        made.check()
        return
    with pytest.raises(ValueError, match=f"part, case: by hand: {text}"):
        made.check()


def test_a_tolerance_is_a_share_of_the_largest_number():
    agree("", [np.array([100.0, 0.0])], [np.array([100.0, 0.9])], tolerance=0.01)
    with pytest.raises(ValueError, match="found 1 of 2 others"):
        agree("", [np.array([100.0, 0.0])], [np.array([100.0, 1.1])], tolerance=0.01)


def test_a_row_counts_what_each_side_worked_through(monkeypatch):
    runs = []

    def instead(calls, rounds):
        runs.append(tuple(calls))
        return {side: [{"ours": 2.0, "a": 3.0, "b": 5.0}[side]] * rounds for side in calls}

    monkeypatch.setattr(comparison, "interleaved", instead)
    calls = {side: lambda: [np.zeros(1)] for side in ("ours", "a", "b")}
    row = Comparison("part", "case", "points", calls, {"ours": 100, "a": 10, "b": 100}).row(rounds=3)
    assert runs == [("ours", "a"), ("ours", "b")]
    assert row["per_second"] == pytest.approx({"ours": 50, "a": 10 / 3, "b": 20})
    assert row["faster"]["a"] == pytest.approx({"ratio": 15, "low": 15, "high": 15})
    assert row["faster"]["b"] == pytest.approx({"ratio": 2.5, "low": 2.5, "high": 2.5})
    found = [(figure.name, figure.value, figure.unit) for figure in figures([row])]
    assert found[0] == ("part, case", pytest.approx(50), "points/s")
    assert found[2] == ("part, case: times faster than b", pytest.approx(2.5), "x")


def test_the_quick_run_writes_what_it_prints(tmp_path, capsys):
    lidar.main([*QUICK, "--json", str(tmp_path / "lidar.json")])
    written = json.loads((tmp_path / "lidar.json").read_text(encoding="utf-8"))
    assert written["seed"] == lidar.SEED
    assert written["machine"]["threads"] >= 1
    rows, parts = written["rows"], [row["part"] for row in written["rows"]]
    assert parts[-6:] == ["voxelise", "voxelise", "scenes", "rays", "project", "pair"]
    lines = capsys.readouterr().out.splitlines()
    for row in rows:
        assert row.keys() == {"part", "case", "unit", "rounds", "count", "per_second", "faster"}
        assert all(value > 0 for value in row["per_second"].values())
        assert all(ratio.keys() == {"ratio", "low", "high"} for ratio in row["faster"].values())
        assert any(line.startswith(row["part"]) and row["case"] in line for line in lines)
    assert len(written["figures"]) == sum(1 + len(row["faster"]) for row in rows)


def test_a_missing_spconv_leaves_its_part_out_in_a_line(monkeypatch, capsys):
    def missing():
        raise XmodalError("SparseUNet needs spconv")

    monkeypatch.setattr(lidar_sparse, "load_spconv", missing)
    lidar.main(["--parts", "sparse", *QUICK])
    assert capsys.readouterr().out.splitlines()[2:] == ["sparse is left out: SparseUNet needs spconv"]


def _needs_spconv():
    try:
        return load_spconv()
    except XmodalError as error:
        pytest.skip(str(error))
