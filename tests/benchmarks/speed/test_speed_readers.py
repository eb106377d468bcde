"""The readers bench: every format gives the same by our reader and by the plain one, and rows say what was measured."""

import json
from importlib.util import find_spec

import numpy as np
import pytest

from xmodal.benchmarks.speed import readers

NAMES = [f"{form.modality}, {form.name}" for form in readers.FORMATS]


@pytest.mark.parametrize("form", readers.FORMATS, ids=NAMES)
def test_our_reader_and_the_plain_one_give_the_same(form, tmp_path):
    for package in form.needs:
        pytest.importorskip(package)
    paths = [tmp_path / f"{number}{form.file}" for number in range(2)]
    rng = np.random.default_rng(1)
    for path in paths:
        form.write(path, rng)
    readers.comparison(form, paths).check()
    first, second = (form.ours(path) for path in paths)
    assert first.size >= 10_000
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("form", readers.FORMATS, ids=NAMES)
def test_a_seed_makes_the_same_numbers_again(form, tmp_path):
    for package in form.needs:
        pytest.importorskip(package)
    found = []
    for part in "ab":
        (tmp_path / part).mkdir()
        path = tmp_path / part / f"0{form.file}"
        form.write(path, np.random.default_rng(0))
        found.append(form.ours(path))
    assert np.array_equal(*found)


def test_the_quick_run_writes_what_it_prints(tmp_path, capsys):
    modalities = ["image", "lidar", "series"]  # need no package
    arguments = ["--modalities", *modalities, "--files", "1", "--rounds", "2", "--json", str(tmp_path / "r.json")]
    readers.main(arguments)
    written = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert written["seed"] == readers.SEED
    assert "torch" in written["machine"]
    rows = written["rows"]
    assert [(row["part"], row["case"]) for row in rows] == [
        (form.modality, form.name) for form in readers.FORMATS if form.modality in modalities
    ]
    printed = capsys.readouterr().out
    for row in rows:
        assert row["count"] == {"ours": 1, "plain": 1}
        assert row["bytes"] > 5000
        assert row["mb_s"]["ours"] == pytest.approx(row["per_second"]["ours"] * row["bytes"] / 1e6)
        assert row["faster"]["plain"].keys() == row["times_bytes"].keys() == {"ratio", "low", "high"}
        assert row["case"] in printed
    assert len(written["figures"]) == 4 * len(rows)


def test_a_missing_package_leaves_its_formats_out_in_a_line(monkeypatch, capsys):
    monkeypatch.setattr(readers, "find_spec", lambda name: None if name == "tifffile" else find_spec(name))
    readers.main(["--modalities", "raster", "--files", "1", "--rounds", "1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:2] == ["raster", "npy"]
    assert lines[3:] == [f"raster, TIFF, {kind} is left out: tifffile not installed" for kind in ("planes", "deflate")]
