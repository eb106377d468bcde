"""Timing in turns, the interval of a ratio, and the two comparisons on small sizes."""

import json

import pytest

from xmodal.benchmarks.speed import attention, vocabulary
from xmodal.benchmarks.speed.interleaved import (
    bootstrapped,
    in_turns,
    interleaved,
    of_medians,
    of_totals,
    paired,
    times_faster,
)


def test_every_candidate_runs_once_a_round_and_none_always_behind_the_same_other():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    seconds = interleaved(calls, rounds=40)
    assert all(len(s) == 40 for s in seconds.values())
    rounds = [order[i : i + 3] for i in range(0, len(order), 3)]
    assert len(rounds) == 41  # the first is not counted
    assert all(sorted(names) == ["a", "b", "c"] for names in rounds)
    behind = [names[i + 1] for names in rounds for i in range(2) if names[i] == "a"]
    assert min(behind.count("b"), behind.count("c")) > 8


def test_the_ratio_is_that_of_the_medians_and_lies_in_its_interval():
    found = times_faster([1.0, 1.1, 0.9, 1.0, 5.0], [2.0, 2.2, 1.8, 2.0, 2.0])
    assert found["ratio"] == 2
    assert found["low"] <= 2 <= found["high"]
    assert times_faster([1.0] * 5, [3.0] * 5) == {"ratio": 3, "low": 3, "high": 3}


def test_what_calls_return_is_kept_without_the_first_round():
    found = in_turns({"a": iter(range(10)).__next__, "b": iter("wxyz").__next__}, rounds=3)
    assert found == {"a": [1, 2, 3], "b": ["x", "y", "z"]}


def test_a_rare_interruption_counts_in_the_totals_alone():
    ours, other = [1.0, 1.0, 9.0, 1.0, 1.0], [1.0] * 5
    assert bootstrapped(of_medians, ours, other)["value"] == 1
    found = bootstrapped(of_totals, ours, other)
    assert found["value"] == pytest.approx(13 / 5)
    assert found["low"] == 1
    assert found["high"] > found["value"]


def test_a_paired_difference_does_not_see_what_both_sides_share():
    load = [0.0, 5.0, 1.0, 8.0, 3.0]
    ours, other = [x + 1.0 for x in load], [x + 1.5 for x in load]
    assert bootstrapped(paired, ours, other) == {"value": -0.5, "low": -0.5, "high": -0.5}


@pytest.mark.parametrize("which", ["forward", "both"])
@pytest.mark.parametrize("causal", [True, False])
def test_the_plain_attention_divergence_is_ours(which, causal):
    values = [attention.step(side, which, 40, 8, causal=causal)() for side in ("ours", "eager")]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


@pytest.mark.parametrize("divergence", vocabulary.DIVERGENCES)
def test_the_dense_vocabulary_divergence_is_ours(divergence):
    values = [vocabulary.step(side, divergence, 12, 30, 8)() for side in ("ours", "dense")]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


@pytest.mark.slow
def test_the_comparisons_write_what_they_print(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(attention, "ALWAYS", 64)
    for bench in (attention, vocabulary):
        monkeypatch.setattr(bench, "compiles", lambda call: False)
    attention.main(["--lengths", "--width", "8", "--rounds", "2", "--json", str(tmp_path / "a.json")])
    vocabulary.main(["--tokens", "20", "--words", "50", "--rounds", "2", "--json", str(tmp_path / "v.json")])
    rows = [row for name in "av" for row in json.loads((tmp_path / f"{name}.json").read_text())["rows"]]
    assert len(rows) == 4
    assert all(row["seconds"]["ours"] > 0 and row["extra_bytes"]["ours"] >= 0 for row in rows)
    assert "64 causal" in capsys.readouterr().out
