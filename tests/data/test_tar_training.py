"""Tars train from the command line with no code."""

import json
from pathlib import Path

import pytest

from xmodal.cli import main

SMALL = (
    "student.backbone=test_resnet",
    "benchmark.transforms=[]",
    "benchmark.entries.image=png",
    "benchmark.train=train-{0..1}.tar",
    "benchmark.test=pipe:cat test.tar",
    "teachers.teacher.width=16",
    "teachers.teacher.depth=2",
    "schedule.steps=2",
    "schedule.labelled=4",
    "schedule.paired=4",
    "schedule.workers=1",
    "precision=fp32",
    "arms=('distilled', 'teacher')",
)


def train(root: Path, out: Path, *more: str) -> int:
    sets = [f"benchmark.root={root}", *SMALL, *more]
    return main(["train", "tar_shards", "--out", str(out), *[a for s in sets for a in ("--set", s)]])


def test_tars_train_with_no_code_and_the_student_works_alone(root, capsys):
    out = root / "run"
    assert train(root, out) == 0
    result = json.loads((out / "result.json").read_text())
    capsys.readouterr()
    assert main(["evaluate", str(out), "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert scored["scores"]["label"]["accuracy"] == pytest.approx(result["arms"]["distilled"][0])


def test_a_command_that_fails_ends_a_run_with_one_line(root, capsys):
    assert train(root, root / "run", "benchmark.train=pipe:exit 9") == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "pipe:exit 9: expected exit status 0, found 9" in line
