"""Arms that runs have in common are trained once, and only where nothing they depend on differs."""

import pytest
import torch
from rich.console import Console

from xmodal.engine.config import read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.engine.shared import key_of
from xmodal.files import read_tensors


@pytest.fixture
def shared_run(source, tmp_path):
    def make(name: str, *overrides: str) -> Run:
        folder = tmp_path / name
        config = read(source, overrides)
        log = Log(folder, Console(quiet=True))
        return Run(folder, config, source, log, overrides=overrides, shared=tmp_path / "shared")

    return make


def trained(run: Run) -> set[str]:
    """The arms that took steps."""
    import json

    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    return {json.loads(line)["arm"] for line in lines}


def test_the_second_run_trains_only_what_differs_and_gets_the_same_arms(shared_run):
    arms = "arms=('student', 'distilled', 'teacher')"
    first, second = shared_run("a", arms), shared_run("b", arms, "balance.weights={'soft': 3.0}")
    one, two = first.train(), second.train()
    assert trained(first) == {"student", "distilled", "teacher"}
    assert trained(second) == {"distilled"}
    assert one["arms"]["teacher"] == two["arms"]["teacher"]
    for arm, same in (("student", True), ("teacher", True), ("distilled", False)):
        a, b = (read_tensors(run.place(0, "fold0", arm).weights) for run in (first, second))
        assert all(torch.equal(a[k], b[k]) for k in a) is same


@pytest.mark.parametrize(
    ("override", "arm"),
    [
        ("schedule.steps=3", "student"),
        ("schedule.labelled=3", "student"),
        ("teacher_schedule.steps=3", "teacher"),
        ("student.backbone=resnet10t", "student"),
        ("teachers.teacher.depth=3", "teacher"),
        ("benchmark.labelled=4", "teacher"),
        ("transforms=[]", "student"),
        ("balance.weights={'task': 2.0}", "student"),
        ("snapshots={'early': ('student', 0.5)}", "student"),
        ("precision=bf16", "teacher"),
    ],
)
def test_whatever_an_arm_depends_on_gives_it_another_key(shared_run, override, arm):
    def key(run: Run) -> str | None:
        (phase,) = (p for p in run.phases if p.arm == arm)
        return key_of(run.factory, phase, 0, "fold0")

    assert key(shared_run("a")) != key(shared_run("b", override))


@pytest.mark.parametrize(
    "override", ["balance.weights={'soft': 9.0}", "schedule.paired=2", "distillers.soft.temperature=3.0"]
)
def test_what_only_taught_arms_feel_gives_the_same_key(shared_run, override):
    runs = shared_run("a"), shared_run("b", override)
    keys = [{p.arm: key_of(run.factory, p, 0, "fold0") for p in run.phases} for run in runs]
    assert keys[0] == keys[1]
    assert keys[0]["distilled"] is None
