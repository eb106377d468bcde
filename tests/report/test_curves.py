"""metrics.jsonl, smoothing, thinning."""

import json
from pathlib import Path

import numpy as np
import pytest

from xmodal.report.curves import curve_figures, first_curves, smooth, thin
from xmodal.report.metrics_log import Row, read_metrics

GOOD = {"seed": 0, "split": "a", "arm": "student", "step": 20, "loss": 1.5, "learning_rate": 1e-3, "data_wait": 0.1}


def log(path: Path, *lines: object) -> Path:
    place = path / "metrics.jsonl"
    place.write_text(
        "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines), errors="surrogateescape"
    )
    return place


def test_whole_rows_are_read(tmp_path: Path) -> None:
    rows, notes = read_metrics(log(tmp_path, GOOD))
    assert rows == [Row(0, "a", "student", 20, {"loss": 1.5, "learning_rate": 1e-3, "data_wait": 0.1})]
    assert notes == []


@pytest.mark.parametrize(
    "damaged",
    [
        '{"seed": 0, "spl',
        "[]",
        "7",
        json.dumps({**GOOD, "seed": "0"}),
        json.dumps({**GOOD, "step": None}),
        json.dumps({**GOOD, "loss": "low"}),
        json.dumps({k: v for k, v in GOOD.items() if k != "arm"}),
        json.dumps({**GOOD, "loss": 10**400}),
        "[" * 100_000,
        "\udcff\udcfe",
    ],
)
def test_a_damaged_line_is_skipped_with_a_note(tmp_path: Path, damaged: str) -> None:
    rows, notes = read_metrics(log(tmp_path, GOOD, damaged, "", GOOD))
    assert len(rows) == 2
    assert notes == ["metrics.jsonl: 1 damaged line skipped (the first is line 2)."]


def test_an_absent_log_is_noted(tmp_path: Path) -> None:
    rows, notes = read_metrics(tmp_path / "metrics.jsonl")
    assert rows == []
    assert "missing" in notes[0]


def test_values_that_are_no_numbers_leave_a_gap(tmp_path: Path) -> None:
    rows, _ = read_metrics(log(tmp_path, {**GOOD, "loss": float("nan")}))
    assert "loss" not in rows[0].numbers


def test_curves_are_those_of_the_first_seed_and_split_by_step() -> None:
    def row(seed: int, split: str, arm: str, step: int) -> Row:
        return Row(seed, split, arm, step, {"data_wait": 0.0, "task/x": 1.0, "loss": float(step + 100 * seed)})

    rows = [row(1, "a", "student", 1), row(0, "b", "teacher", 2), row(0, "b", "teacher", 1), row(0, "a", "student", 1)]
    where, curves = first_curves([*rows, row(0, "b", "student", 1)])
    assert where == "seed 0, b"
    assert list(curves) == ["loss", "task/x", "data_wait"]
    assert list(curves["loss"]) == ["student", "teacher"]
    assert curves["loss"]["teacher"][0].tolist() == [1, 2]
    assert curves["loss"]["teacher"][1].tolist() == [1, 2]


@pytest.mark.parametrize("window", [1, 2, 5, 8, 40])
def test_smoothing_is_the_mean_of_the_neighbours(window: int) -> None:
    values = np.random.default_rng(0).normal(size=17)
    reach = window // 2
    slow = [np.mean([values[j] for j in range(17) if abs(i - j) <= reach]) for i in range(17)]
    np.testing.assert_allclose(smooth(values, window), slow, atol=1e-12)


def test_thinning_keeps_short_curves_and_the_weighted_mean_of_long_ones() -> None:
    steps, values = np.arange(1000.0), np.random.default_rng(0).normal(size=1000)
    assert thin((steps, values), points=1000)[1] is values
    thin_steps, thin_values = thin((steps, values), points=125)
    assert len(thin_values) == 125
    assert np.all(np.diff(thin_steps) > 0)
    np.testing.assert_allclose(thin_values[3], values[24:32].mean())


def test_a_curve_of_one_point_is_drawn_as_a_dot() -> None:
    drawn = curve_figures({"loss": {"student": (np.array([1.0]), np.array([0.5]))}})
    assert "<circle" in drawn
    assert "<polyline" not in drawn


def test_running_means_stay_among_their_values_after_one_that_ran_away() -> None:
    values = np.array([1e-3, 2.0**63, 1e-3, 1e-3, 1e-3, 1e-3])
    means = smooth(values, 3)
    assert means.min() >= 1e-3
    assert means.max() <= 2.0**63
