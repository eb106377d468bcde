"""The re-implemented systems: what their configs say of themselves, and the table of what was measured."""

import json
from pathlib import Path

import pytest

from xmodal.engine import papers
from xmodal.engine.config import read
from xmodal.errors import ConfigError, DataError
from xmodal.report.papers import gain, page, verdict

ROW = {
    "commit": "abc",
    "digest": "0",
    "benchmark": "toy",
    "metric": "accuracy",
    "greater_is_better": True,
    "seeds": [0, 1],
    "arms": {"student": [0.5, 0.6], "distilled": [0.6, 0.65], "teacher": [0.9, 0.9]},
    "seconds": 12.0,
}


def row(distilled, greater=True):
    return {**ROW, "greater_is_better": greater, "arms": {**ROW["arms"], "distilled": distilled}}


@pytest.mark.parametrize(
    ("distilled", "greater", "told"),
    [
        ([0.6, 0.65], True, "helps"),
        ([0.6, 0.59], True, "no clear gain"),
        ([0.4, 0.5], True, "harms"),
        ([0.4, 0.5], False, "helps"),
    ],
)
def test_a_gain_must_show_in_every_seed(distilled, greater, told):
    assert verdict(row(distilled, greater)) == told


def test_the_gain_is_a_mean_over_paired_seeds():
    assert gain(ROW) == pytest.approx(0.075)
    assert gain(row([0.4, 0.5], greater=False)) == pytest.approx(0.1)


def test_the_page_shows_systems_that_were_not_measured_too():
    paper = papers.Paper("one", "One", "a -> b", "exact", ("x=0",), "student.pooled", "What it does.")
    text = page(
        [paper, papers.Paper("two", "Two", "c -> d", "described", ("x=0",), "student.pooled", "Other.")], {"one": ROW}
    )
    assert (
        "| `one` | One | a -> b | exact | toy | accuracy | 0.550 | 0.625 | 0.900 | +0.075 | helps | 12 | `abc` |"
        in text
    )
    assert "| `two` | Two | c -> d | described |" in text
    assert "not measured" in text


def test_rows_are_added_and_kept(tmp_path, source):
    config = read(source)
    result = {**ROW, "seconds_by_arm": {"distilled": 24.0}}
    path = tmp_path / "measured.json"
    papers.record(path, "two", config, result)
    papers.record(path, "one", config, result)
    rows = papers.measured(path)
    assert list(rows) == ["one", "two"]
    assert rows["one"]["arms"] == ROW["arms"]
    assert rows["one"]["seconds"] == 12.0


def test_a_second_timing_replaces_the_seconds_and_nothing_else(tmp_path, source):
    config, path = read(source), tmp_path / "measured.json"
    before = papers.record(path, "one", config, {**ROW, "seconds_by_arm": {"distilled": 24.0}})
    papers.retime(path, "one", config, {"seeds": [0], "seconds_by_arm": {"distilled": 5.0}})
    assert papers.measured(path)["one"] == {**before, "seconds": 5.0}
    with pytest.raises(ConfigError, match="one: expected figures of this config, found none; measure it first"):
        papers.retime(path, "one", read(source, ["schedule.steps=7"]), {})


def test_a_damaged_record_is_named(tmp_path):
    path = tmp_path / "measured.json"
    path.write_text(json.dumps({"one": 3}))
    with pytest.raises(DataError, match=r"measured\.json: expected rows with the field 'arms'"):
        papers.measured(path)


def test_the_digest_follows_what_is_trained_and_nothing_else(source):
    plain = papers.digest(read(source))
    assert papers.digest(read(source, ["seeds=(1, 2)", "paper={'system': 'other'}"])) == plain
    assert papers.digest(read(source, ["schedule.steps=7"])) != plain
    assert papers.digest(read(source, ["balance.weights.soft=7.0"])) != plain


def test_an_unknown_paper_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="unknown paper 'nobody'; known: "):
        papers.paper_of("nobody")


@pytest.fixture
def source(tmp_path):
    from engine.conftest import CONFIG

    path = tmp_path / "toy.py"
    path.write_text(CONFIG)
    return path


def test_the_page_in_the_documents_is_made_of_the_shipped_figures():
    """Written by `xmodal bench papers --record configs/papers/measured.json --table docs/papers.md`."""
    shipped = [papers.paper_of(name) for name in papers.names()]
    written = (Path(__file__).resolve().parents[2] / "docs" / "papers.md").read_text(encoding="utf-8")
    assert written == page(shipped, papers.measured(papers.record_file()))


def test_shipped_figures_are_of_the_configs_as_they_are():
    """A config that changed after it was measured has to be measured again, or its row taken out."""
    for name, row in papers.measured(papers.record_file()).items():
        assert row["digest"] == papers.digest(papers.configured(name)), name
