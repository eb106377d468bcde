"""Runs with more than frozen teachers: peers, snapshots as teachers, teachers' weights to begin with, own terms."""

import json

import pytest
import torch

from xmodal.distillers import Distiller
from xmodal.errors import ConfigError
from xmodal.files import read_tensors

PEERS = """
from xmodal.distillers import Supervised
peers = dict(along=dict(type=PointEncoder, width=16, depth=2))
teachers = {}
distillers = dict(
    soft=dict(type=Privileged, task="kind", teacher="along"), own=dict(type=Supervised, teacher="along")
)
"""


def weights(run, arm, name="model"):
    return read_tensors(run.place(0, "fold0", arm).folder / f"{name}.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


class Shrink(Distiller):
    """Pulls the trained model's pooled vector to zero."""

    def forward(self, frame):
        return {"pull": frame.student.need_pooled("student").square().mean(1)}


def test_a_peer_trains_along_in_every_taught_arm_and_is_not_exported(make_run, source):
    source.write_text(source.read_text() + PEERS)
    run = make_run("peers", "schedule.steps=40", "schedule.learning_rate=1e-2")
    result = run.train()
    assert list(result["arms"]) == ["student", "self", "shuffled", "distilled"]
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    own = [r["own/kind"] for r in rows if r["arm"] == "distilled"]
    assert own[-1] < 0.5 * own[0]  # the peer learns
    assert not any("peers" in name for name in read_tensors(run.folder / "student.safetensors"))


def test_a_snapshot_of_a_training_is_a_teacher_of_its_own(make_run, source):
    source.write_text(source.read_text().replace('task="kind")', 'task="kind", teacher="early")'))
    run = make_run("snap", "snapshots={'early': ('student', 0.5)}", "arms=('distilled', 'student')")
    run.train()
    early, last = weights(run, "student", "snapshot-0.5"), weights(run, "student")
    assert early.keys() == last.keys()
    assert not same(early, last)
    phase = run.phases[-1]
    teachers = {name: run._source(0, "fold0", source) for name, source in phase.learns_from.items()}
    assert same(run.factory.distillation(phase, teachers, 0).teachers["early"].state_dict(), early)


def test_taught_arms_begin_with_the_weights_of_the_teacher_that_start_names(make_run):
    kind = "student.type='image'", "teachers.teacher={'type': 'image', 'backbone': 'test_resnet'}"
    run = make_run("start", *kind, "start='teacher'", "schedule.steps=1", "schedule.learning_rate=1e-12")
    run.train()
    assert not same(weights(run, "student"), weights(run, "teacher"))
    for name, value in weights(run, "distilled").items():
        if value.is_floating_point() and "running" not in name:
            torch.testing.assert_close(value, weights(run, "teacher")[name], msg=name)


def test_a_start_that_fits_nothing_is_refused_before_training(make_run):
    with pytest.raises(ConfigError, match="no tensor of that teacher fits the student"):
        make_run("misfit", "start='teacher'").train()


def test_a_teacher_can_have_terms_of_its_own(make_run, source):
    node = "dict(teacher=dict(zero=dict(type=Shrink, teacher='student')))"
    imported = "from engine.test_phases import Shrink"
    source.write_text(f"{source.read_text()}{imported}\nteacher_distillers = {node}\n")
    pulled, free = (
        make_run("pulled", "arms=('teacher',)"),
        make_run("free", "arms=('teacher',)", "teacher_distillers={}"),
    )
    pulled.train()
    free.train()
    assert "zero/pull" in (pulled.folder / "metrics.jsonl").read_text()
    assert not same(weights(pulled, "teacher"), weights(free, "teacher"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("snapshots={'early': ('nobody', 0.5)}", "model of snapshots.early"),
        ("snapshots={'early': ('student', 1.5)}", "a share above 0, at most 1"),
        ("snapshots={'early': 'student'}", "expected \\(model, share\\)"),
        ("snapshots={'teacher': ('student', 0.5)}", "'teacher' stands for two"),
        ("peers={'student': {}}", "'student' stands for two"),
        ("start='nobody'", "start: teacher"),
        ("teacher_distillers={'nobody': {}}", "teacher of teacher_distillers"),
    ],
)
def test_names_that_fit_nothing_are_refused(make_run, override, message):
    with pytest.raises(ConfigError, match=message):
        make_run("wrong", override)
