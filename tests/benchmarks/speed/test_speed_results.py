"""What benches write is read again, and makes one page."""

import json
from dataclasses import replace

import pytest

from xmodal.benchmarks.speed import attention, importing, page, relational, store, vocabulary
from xmodal.benchmarks.speed.results import Conditions, Figure, Result, conditions, read, write
from xmodal.errors import DataError

FOUND = Conditions("wheel", "How fast it turns.", "python -m wheel", {"processor": "P", "torch": "2"}, "abc123", 7)
FIGURES = [
    Figure("ours / theirs", 1.0312, "x", 0.98, 1.09, "at most 1.05"),
    Figure("a|b", 0.0214, "ms", -0.0112, 0.05),
    Figure("bytes", 1234.6, "MiB"),
    Figure("exponent", 12.31, ""),
]
SECTION = """## wheel

How fast it turns.

    python -m wheel

Commit `abc123`, seed 7; processor P, torch 2.

| figure | value | 95 % interval | bar |
|---|---:|---:|---|
| ours / theirs | 1.031 x | 0.980 to 1.090 | at most 1.05 |
| a\\|b | 0.021 ms | -0.011 to 0.050 |  |
| bytes | 1,235 MiB |  |  |
| exponent | 12.31 |  |  |
"""


def test_a_section_names_everything_that_the_numbers_depend_on():
    assert page.section(Result(FOUND, FIGURES)) == SECTION


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "wheel.json", FOUND, FIGURES, [{"seconds": 1.5}])
    assert read(tmp_path / "wheel.json") == Result(FOUND, FIGURES)
    assert json.loads((tmp_path / "wheel.json").read_text(encoding="utf-8"))["rows"] == [{"seconds": 1.5}]


def test_the_same_files_make_the_same_page_whatever_they_are_called(tmp_path):
    pages = []
    for number, names in enumerate([("a", "b"), ("z", "c")]):
        folder = tmp_path / str(number)
        write(folder / f"{names[0]}.json", FOUND, FIGURES, [])
        write(folder / f"{names[1]}.json", replace(FOUND, bench="axle"), FIGURES[:1], [])
        for _ in range(2):
            assert page.main(["--results", str(folder), "--page", str(folder / "speed.md")]) == 0
            pages.append((folder / "speed.md").read_bytes().decode())
    assert len(set(pages)) == 1
    assert pages[0].index("## axle") < pages[0].index("## wheel")
    assert pages[0].endswith(SECTION)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"commit": None}, r"wheel.json: commit: expected str, found None"),
        ({"figures": {}}, r"wheel.json: figures: expected list, found \{\}"),
        ({"figures": [3]}, r"wheel.json: figures: expected objects, found 3"),
        ({"figures": [{"name": "x", "unit": "s", "bar": ""}]}, r"figures: value: expected a number, found null"),
        ({"figures": [{"name": "x", "unit": "s", "bar": "", "value": True}]}, r"value: expected a number, found True"),
    ],
)
def test_a_file_that_is_no_result_is_named_with_the_field(tmp_path, change, message):
    write(tmp_path / "wheel.json", FOUND, FIGURES, [])
    content = json.loads((tmp_path / "wheel.json").read_text(encoding="utf-8")) | change
    (tmp_path / "wheel.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read(tmp_path / "wheel.json")


def test_an_empty_folder_is_one_line_and_leaves_the_page_as_it_was(tmp_path, capsys):
    (tmp_path / "speed.md").write_text("before", encoding="utf-8")
    assert page.main(["--results", str(tmp_path), "--page", str(tmp_path / "speed.md")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "speed.md").read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize("given", [["--json", "there/x.json", "--rounds", "3"], ["--rounds", "3", "--json=x.json"]])
def test_the_command_is_kept_without_the_place_of_the_file(given):
    found = conditions("wheel", "First line.\n\nMore.", given, seed=1, packages=["numpy"])
    assert found.command == "python -m xmodal.benchmarks.speed.wheel --rounds 3"
    assert found.about == "First line."
    assert {"processor", "threads", "python", "torch", "numpy"} <= found.machine.keys()
    assert found.commit in str(found)
    assert "seed 1" in str(found)


def test_the_benches_name_what_they_compared():
    ratio = {"ratio": 6.0, "low": 5.0, "high": 7.0}
    row = {
        "pass": "forward",
        "length": 4096,
        "causal": True,
        "faster": {"eager": ratio},
        "extra_bytes": {"ours": 2**21},
    }
    assert attention.figures([row]) == [
        Figure("forward, causal, 4096: times faster than eager", 6.0, "x", 5.0, 7.0, "at least 5.5"),
        Figure("forward, causal, 4096: extra memory", 2.0, "MiB"),
    ]
    memory = {"ours": 2**20, "dense": 2**22}
    row = {"divergence": "kl", "tokens": 8, "words": 9, "faster": {"dense": ratio}, "extra_bytes": memory}
    assert [figure.value for figure in vocabulary.figures([row])] == [6.0, 1.0, 4.0]
    rows = [
        {"loss": "clip_rd", "side": side, "batch": 4, "seconds": seconds, "extra_bytes": 2**20}
        for side, seconds in (("ours", 1.0), ("direct", 2.5))
    ]
    assert [figure.value for figure in relational.figures(rows)] == [2.5, 1.0, 1.0]
    assert len(relational.figures(rows[:1])) == 1  # the direct formula did not fit
    rates = {"read_mb_s": {"store": 9.0, "first pass": 2.0}, "write_mb_s": {"store": 4.0}}
    found = store.figures([{"case": "logits", "of_memmap": ratio, "of_files": ratio, "by_key": ratio, **rates}])
    bars = {6.0: ["at least 0.8", "", ""], 9.0: [""], 2.0: [""], 4.0: [""]}
    assert {value: [f.bar for f in found if f.value == value] for value in bars} == bars


def test_importing_runs_fresh_interpreters_and_measures_them_over_torch(monkeypatch, tmp_path, capsys):
    names = ("python", importing.TORCH, "import torch, xmodal")
    monkeypatch.setattr(importing, "COMMANDS", dict.fromkeys(names, ("-c", "pass")))
    importing.main(["--rounds", "2", "--json", str(tmp_path / "importing.json")])
    result = read(tmp_path / "importing.json")
    assert [figure.name for figure in result.figures] == [*names, "import torch, xmodal: over torch"]
    assert result.figures[-1].bar == "at most 0.5 s"
    rows = json.loads((tmp_path / "importing.json").read_text(encoding="utf-8"))["rows"]
    assert rows[1]["over_torch"] == {"value": 0, "low": 0, "high": 0}
    assert "over torch" in capsys.readouterr().out
