"""The page: whole, self-contained, escaped, and honest about what is missing."""

import base64
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xmodal.errors import DataError
from xmodal.report.html import write_report
from xmodal.report.panels import panel

Make = Callable[..., dict[str, Any]]
Folder = Callable[[dict[str, Any]], Path]
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Checks that tags nest, and collects text and attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(folder: Path) -> Page:
    path = write_report(folder)
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_needs_nothing_from_outside(result: Make, run_folder: Folder) -> None:
    folder = run_folder(result())
    page = read(folder)
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|//cdn|@import|url\(", source)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(link.startswith("data:") for link in page.links)


def test_the_page_holds_results_curves_and_recipe(result: Make, run_folder: Folder) -> None:
    page = read(run_folder(result()))
    for words in ("LiDAR to RGB.", "+0.097", "51 %", "Only 3 seeds", "IoU by class", "task/semantics", "learning rate"):
        assert words in page.text
    for words in ("Street(labelled=40)", "image.timm(name='atto')", "7 steps", "1 h 2 min", "torch 2.14.1"):
        assert words in page.text
    assert 'student = dict(type="image")' in page.text
    assert page.tags.count("svg") == 2 + 4  # arms, differences; loss, term, learning rate, data wait


def test_the_page_says_how_many_samples_are_labelled(result: Make, run_folder: Folder) -> None:
    counts = [("fold0", 60, 600), ("fold1", 61, 1610)]
    samples = {name: {"train": train, "labelled": labelled} for name, labelled, train in counts}
    page = read(run_folder(result(splits=2) | {"samples": samples}))
    assert "60 to 61 of 600 to 1,610 training samples are labelled in each split." in page.text


def test_hard_line_breaks_of_the_docstring_are_joined(result: Make, run_folder: Folder) -> None:
    folder = run_folder(result())
    (folder / "config.py").write_text('"""One.\n\nTwo\nthree.\n\n    xmodal train one\n    xmodal train two\n"""\n')
    source = write_report(folder).read_text(encoding="utf-8")
    assert "One.\n\nTwo three.\n\n    xmodal train one\n    xmodal train two" in source


def test_all_text_is_escaped(result: Make, run_folder: Folder) -> None:
    bad = "<script>alert('1')</script>&amp;"
    content = result({"student": [0.4], f"teacher-{bad}": [0.5], "distilled": [0.45]})
    content |= {"benchmark": bad, "metric": "mIoU", "versions": {bad: bad}}
    content["groups"] = {bad: content["groups"]["all"]}
    for row in content["groups"][bad].values():
        row["metrics"][0]["semantics"] |= {bad: 1.0, f"IoU {bad}": 0.5}
    folder = run_folder(content)
    (folder / "config.py").write_text(f'"""{bad}"""\n')
    (folder / "config.json").write_text(json.dumps({"benchmark": {"type": bad, bad: bad}, "deploy": [bad]}))
    (folder / "overrides.json").write_text(json.dumps([bad]))
    (folder / "metrics.jsonl").write_text(json.dumps({"seed": 0, "split": bad, "arm": bad, "step": 1, bad: 1.0}))
    page = read(folder)
    assert "script" not in page.tags
    assert page.text.count(bad) > 15


@pytest.mark.parametrize("splits", [1, 12])
@pytest.mark.parametrize(
    "arms", [("student",), ("distilled", "teacher"), ("student", "distilled", "teacher-radar"), ()]
)
@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_any_arms_seeds_and_folds_make_a_page(
    result: Make, run_folder: Folder, arms: tuple[str, ...], seeds: int, splits: int
) -> None:
    page = read(run_folder(result({arm: [0.4, 0.5][:seeds] for arm in arms}, splits=splits)))
    assert all(arm in page.text for arm in arms)
    assert "nan" not in page.text.split()


def test_scores_that_are_no_numbers_make_a_page(result: Make, run_folder: Folder) -> None:
    page = read(run_folder(result({"student": [0.4, 0.5], "distilled": [float("nan")] * 2, "teacher": [0.6, 0.6]})))
    assert "The mIoU of distilled is not a number" in page.text


def test_a_bare_result_makes_a_page_that_says_what_is_missing(result: Make, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(result()))
    text = read(tmp_path).text
    for name in ("config.py is missing", "config.json is missing", "metrics.jsonl is missing"):
        assert name in text


def test_damaged_files_beside_the_result_are_noted(result: Make, run_folder: Folder) -> None:
    folder = run_folder(result())
    (folder / "config.py").write_bytes(b"\xff\xfe def")
    (folder / "config.json").write_text("{")
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"seed": 0,')
    text = read(folder).text
    for words in ("config.py cannot be read", "config.json cannot be read", "1 damaged line skipped"):
        assert words in text


def test_a_config_that_does_not_parse_is_still_shown(result: Make, run_folder: Folder) -> None:
    folder = run_folder(result())
    (folder / "config.py").write_text("def broken(:\n")
    assert "def broken(:" in read(folder).text


def test_half_a_surrogate_pair_is_written(result: Make, run_folder: Folder) -> None:
    assert "2.14?" in read(run_folder(result() | {"versions": {"torch": "2.14\ud800"}})).text


def test_examples_are_inside_the_page(result: Make, run_folder: Folder) -> None:
    folder = run_folder(result())
    (folder / "examples").mkdir()
    for index in range(10):
        panel([("x", np.full((8, 8, 3), index, np.uint8))]).save(folder / "examples" / f"{index:02d}.png")
    (folder / "examples" / "01.png").write_bytes(b"not a picture")
    (folder / "examples" / "captions.json").write_text('{"00.png": "night <b>"}')
    page = read(folder)
    assert len(page.links) == 7
    coded = page.links[0].removeprefix("data:image/png;base64,")
    assert base64.b64decode(coded) == (folder / "examples" / "00.png").read_bytes()
    assert "night <b>" in page.text
    assert "examples/01.png is no PNG file" in page.text
    (folder / "examples" / "captions.json").write_text("[1]")
    assert "does not hold captions" in read(folder).text


def test_without_a_result_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"result\.json: expected a JSON file, found no such file"):
        write_report(tmp_path)
    (tmp_path / "result.json").write_text("[]")
    with pytest.raises(DataError, match=r"result\.json: .*expected an object"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_the_page_is_the_same_for_the_same_folder(result: Make, run_folder: Folder) -> None:
    folder = run_folder(result())
    first = write_report(folder).read_bytes()
    assert write_report(folder).read_bytes() == first
