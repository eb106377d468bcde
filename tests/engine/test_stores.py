"""A run whose teachers answer from a store: what it learns, what it refuses, what the command line says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console

from xmodal.adapter import Model
from xmodal.cli import main
from xmodal.engine.caching import train_teachers, write_stores
from xmodal.engine.config import read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.errors import ConfigError, DataError
from xmodal.files import read_tensors
from xmodal.store import Form, Store, StoredTeacher


@pytest.fixture
def make(source, tmp_path):
    """make(name, *overrides, store=...) -> a Run in its own folder, with teachers that answer from a store."""

    def made(name: str, *overrides: str, store: Path | None = None) -> Run:
        log = Log(tmp_path / name, Console(quiet=True))
        return Run(tmp_path / name, read(source, overrides), source, log, overrides=overrides, resume=True, store=store)

    return made


@pytest.fixture
def augmented(source):
    """A teacher that sees the image too, so that every augmentation changes what it says."""
    cloud, image = "dict(type=PointEncoder, width=16, depth=2)", "dict(type=TimmImage, backbone='test_resnet')"
    source.write_text(source.read_text().replace(cloud, image))


def cached(run: Run, forms: dict[str, Form] | None = None) -> list[Path]:
    train_teachers(run, forms or {})
    return [store.folder for store in write_stores(run, forms or {}, lambda *_: None, lambda *_: None)]


def weights(run: Run, arm: str) -> dict[str, torch.Tensor]:
    return read_tensors(run.place(0, "fold0", arm).weights)


def close(a, b):
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=1e-4, atol=1e-5, msg=name)


def test_learning_from_the_store_is_learning_from_the_teacher(make, tmp_path):
    cached(make("stored", store=tmp_path / "store"))
    stored, live = make("stored", store=tmp_path / "store"), make("live")
    assert stored.train()["arms"] == live.train()["arms"]
    for arm in ("student", "self", "shuffled", "distilled", "teacher"):
        close(weights(stored, arm), weights(live, arm))


@pytest.mark.usefixtures("augmented")
def test_recorded_augmentations_are_those_that_a_live_teacher_sees(make, tmp_path):
    views = "schedule.views=3"
    (place,) = cached(make("stored", views, store=tmp_path / "store"))
    assert Store(place).views == 3
    stored, live = make("stored", views, store=tmp_path / "store"), make("live", views)
    assert stored.train()["arms"] == live.train()["arms"]
    for arm in ("distilled", "shuffled"):
        for one, other in zip(steps(stored, arm), steps(live, arm), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_a_teacher_that_no_augmentation_reaches_is_stored_once_and_serves_every_view(make, tmp_path):
    views = "schedule.views=3"
    (place,) = cached(make("stored", views, store=tmp_path / "store"))
    assert not Store(place).augmented
    stored, live = make("stored", views, store=tmp_path / "store"), make("live", views)
    assert stored.train()["arms"] == live.train()["arms"]


def steps(run: Run, arm: str) -> list[torch.Tensor]:
    """What the teacher says of each batch of an arm."""
    phase, split = next(p for p in run.phases if p.arm == arm), run.splits(0)[0]
    distillation = run.factory.distillation(phase, run.teachers(0, "fold0", phase), 0)
    batches = run.factory.steps(phase, split, run.inputs, 0)
    run.answering.settle(distillation, phase, 0, split, batches)
    kind = StoredTeacher if run.stores else Model
    assert all(isinstance(teacher, kind) for teacher in distillation.teachers.values())
    frames = (distillation.eval().frame(batches[i]) for i in range(len(batches)))
    return [frame.teachers["teacher"].outputs["kind"] for frame in frames]


@pytest.mark.usefixtures("augmented")
def test_augmentation_drawn_anew_cannot_be_stored_and_says_what_to_do(make, tmp_path):
    with pytest.raises(ConfigError, match=r"the transforms edit what TimmImage sees .* add --set schedule.views=10"):
        cached(make("a", store=tmp_path / "store"))
    assert not (tmp_path / "a" / "checkpoints").exists()
    cached(make("a", "schedule.views=2", store=tmp_path / "store"))  # as the error says
    with pytest.raises(ConfigError, match=r"holds 2 recorded augmentations .* schedule.views is 0: add --set schedule"):
        make("c", store=tmp_path / "store").train()


def test_a_store_that_does_not_fit_is_refused_with_what_differs(make, tmp_path):
    cached(make("a", store=tmp_path / "store"))
    for changed, what in (
        ("schedule.steps=5", "the teacher's weights"),
        ("precision=bf16", "the teacher's weights, the precision that the teacher runs in"),
        ("benchmark.samples=20", "the benchmark or its settings, the set of samples"),
    ):
        with pytest.raises(ConfigError, match=f"does not fit this run: it differs in {what}; write it again"):
            make(f"b{changed[:6]}", changed, store=tmp_path / "store").train()
    other = make("c", "seeds=(1,)", store=tmp_path / "store")
    with pytest.raises(DataError, match=r"seed1/.*: expected a finished teacher store, as xmodal cache .*, found none"):
        other.train()
    assert not (other.folder / "checkpoints").exists()  # nothing was trained for it


def test_the_student_of_the_self_arm_is_not_looked_up(make, tmp_path):
    cached(make("a", store=tmp_path / "store"))
    run = make("a", store=tmp_path / "store")
    run.train()
    phase = next(p for p in run.phases if p.arm == "self")
    distillation = run.factory.distillation(phase, run.teachers(0, "fold0", phase), 0)
    assert not any(isinstance(teacher, StoredTeacher) for teacher in distillation.teachers.values())


def test_a_damaged_store_is_told_before_the_student_trains(make, tmp_path):
    (place,) = cached(make("a", store=tmp_path / "store"))
    records = place / "records.bin"
    os.truncate(records, records.stat().st_size - 1)
    run = make("a", store=tmp_path / "store")
    with pytest.raises(DataError, match=r"records\.bin: expected \d+ bytes, found"):
        run.train()
    assert not run.place(0, "fold0", "student").folder.exists()


def test_the_command_line_writes_checks_and_uses_a_store(source, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["cache", str(source), "--out", str(out), "--form", "float16", "--top", "outputs.kind=1"]) == 0
    told = capsys.readouterr().out
    assert "12 records of" in told
    assert "pooled" not in told or "float16" in told
    assert f"xmodal train {source} --out {out} --store {out / 'store'} --resume" in told.replace("\n", "")
    assert main(["cache", "--verify", str(out / "store")]) == 0
    assert "sound" in capsys.readouterr().out
    assert main(["train", str(source), "--out", str(out), "--store", str(out / "store"), "--resume"]) == 0
    shard = next((out / "store").rglob("*.bin"))
    shard.write_bytes(b"\xff" + shard.read_bytes()[1:])
    assert main(["cache", "--verify", str(out / "store")]) == 2
    told = capsys.readouterr()
    assert "records.bin: record 0: expected bytes with its checksum, found damaged ones" in told.out.replace("\n", "")
    assert "1 faults" in told.err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "expected a config, or --verify FOLDER"),
        (["--verify", "nowhere"], "nowhere: expected a folder with teacher stores, found none"),
        (
            ["{source}", "--form", "int4"],
            "form: expected one of same, none, float32, float16, bfloat16, int8, found",
        ),
        (["{source}", "--pca", "pooled"], "--pca 'pooled': expected PART=K, such as tokens=64"),
        (["{source}", "--form", "tooken=int8"], "form of 'tooken': the teacher returns"),
        (["{source}", "--pca", "outputs.kind=500"], "outputs.kind"),
        (["{source}", "--form", "int8", "--form", "float16"], "--form 'float16': all was to be int8 before"),
        (["{source}", "--top", "a=1", "--top", "a=2"], "--top 'a=2': a was to keep 1 before"),
        (["{source}", "--verify", "nowhere"], "--verify checks what lies in a folder: leave out"),
    ],
)
def test_mistakes_are_told_in_one_line_before_anything_trains(source, tmp_path, capsys, arguments, error):
    filled = [text.format(source=source) for text in arguments]
    assert main(["cache", *filled, "--out", str(tmp_path / "run")]) == 2
    assert error in capsys.readouterr().err
    assert not list(tmp_path.rglob("checkpoints"))


@pytest.mark.slow
def test_two_commands_begun_at_once_train_one_teacher_and_write_one_store(source, tmp_path):
    command = [sys.executable, "-m", "xmodal.cli", "cache", str(source), "--out", str(tmp_path / "run")]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert main(["cache", "--verify", str(tmp_path / "run" / "store")]) == 0
    assert not list(tmp_path.glob(".*.lock"))
