"""A whole run on a toy: arms, files, repeatability, resume."""

import json
from dataclasses import replace

import pytest
import torch

from engine.toy_benchmark import Toy
from xmodal import load_student
from xmodal.adapter import Need
from xmodal.data.batch import collate
from xmodal.engine import fit as fit_module
from xmodal.errors import ConfigError, DataError
from xmodal.files import load_weights, read_tensors


def weights(run, arm):
    return read_tensors(run.place(0, "fold0", arm).weights)


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_a_run_trains_every_arm_and_writes_what_it_promises(make_run):
    run = make_run("one")
    result = run.train()
    assert list(result["arms"]) == ["teacher", "student", "self", "shuffled", "distilled"]
    assert all(len(scores) == 1 for scores in result["arms"].values())
    (split,) = run.benchmark.splits(0)
    parts = {"train": split.train, "labelled": split.labelled, "val": split.val, "test": split.test}
    assert result["samples"] == {"fold0": {name: len(part) for name, part in parts.items()}}
    assert json.loads((run.folder / "result.json").read_text())["arms"] == result["arms"]
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    distilled = [r for r in rows if r["arm"] == "distilled"]
    assert [r["step"] for r in distilled] == [2, 4, 6]
    assert {"loss", "task/kind", "soft/kind", "learning_rate", "data_wait"} <= distilled[0].keys()
    assert not list(run.folder.rglob("*.part"))


def test_the_same_seed_gives_identical_weights_and_another_seed_does_not(make_run):
    first, again, other = make_run("a"), make_run("b"), make_run("c", "seeds=(1,)")
    for run in (first, again, other):
        run.train()
    assert same(weights(first, "distilled"), weights(again, "distilled"))
    assert not same(weights(first, "distilled"), read_tensors(other.place(1, "fold0", "distilled").weights))


@pytest.mark.parametrize("keep", ["last", "best"])
@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_stopped_run_resumes_to_the_bits_of_an_uninterrupted_one(make_run, monkeypatch, stop, keep):
    # Stochastic depth draws from torch's random state, which the checkpoint must therefore hold.
    kept = (f"schedule.keep={keep!r}", "schedule.look_every=1")
    config = ("arms=('distilled',)", "student.options={'drop_path_rate': 0.5}", *kept)
    whole = make_run("whole", *config)
    whole.train()
    stopped = make_run("stopped", *config)

    class Killed(BaseException):
        pass

    steps = 0
    honest = fit_module.autocast

    def killing(device, precision):
        nonlocal steps
        steps += 1
        if steps == 6 + stop + 1:  # the teacher's six steps, then some of the student's
            raise Killed
        return honest(device, precision)

    monkeypatch.setattr(fit_module, "autocast", killing)
    with pytest.raises(Killed):
        stopped.train()
    monkeypatch.setattr(fit_module, "autocast", honest)
    torch.manual_seed(12345)  # whatever random state a new process starts with
    resumed = make_run("stopped", *config, resume=True)
    resumed.train()
    assert same(weights(whole, "distilled"), weights(resumed, "distilled"))
    rows = [json.loads(line) for line in (resumed.folder / "metrics.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows if r["arm"] == "distilled"] == [2, 4, 6]


def test_a_finished_run_resumed_trains_nothing_and_gives_the_same_result(make_run, monkeypatch):
    first = make_run("done").train()
    monkeypatch.setattr("xmodal.engine.run.fit", lambda *a, **k: pytest.fail("trained again"))
    assert make_run("done", resume=True).train()["arms"] == first["arms"]


@pytest.mark.parametrize("file", ["model.safetensors", "answers.safetensors", "done.json"])
def test_a_damaged_arm_is_named_with_what_to_do(make_run, file):
    run = make_run("damaged", "arms=('student',)")
    run.train()
    place = run.place(0, "fold0", "student")
    (place.folder / file).write_text("{")
    with pytest.raises(DataError, match=f"{file}.*delete .*student and use --resume"):
        make_run("damaged", "arms=('student',)", resume=True).train()
    for path in place.folder.iterdir():
        path.unlink()
    make_run("damaged", "arms=('student',)", resume=True).train()
    assert place.weights.is_file()


def test_a_run_folder_that_exists_is_not_touched(make_run):
    make_run("taken", "arms=('student',)").train()
    with pytest.raises(ConfigError, match="exists: add --resume"):
        make_run("taken", "arms=('student',)")
    with pytest.raises(ConfigError, match="another config"):
        make_run("taken", "arms=('student',)", "schedule.steps=9", resume=True)


def test_a_run_that_trained_nothing_may_begin_again_with_another_config(make_run):
    first = make_run("again", "arms=('student',)", "schedule.instances=2")
    with pytest.raises(ConfigError, match="does not say which samples"):
        first.train()
    run = make_run("again", "arms=('student',)", "schedule.steps=3")
    run.train()
    assert json.loads((run.folder / "overrides.json").read_text()) == ["arms=('student',)", "schedule.steps=3"]


def test_a_folder_of_something_else_is_not_touched(make_run, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.txt").write_text("miau")
    with pytest.raises(ConfigError, match="no run of xmodal"):
        make_run("photos")
    assert (tmp_path / "photos" / "cat.txt").read_text() == "miau"


def test_arms_get_the_same_labelled_samples_and_only_teachers_bring_pairs(make_run):
    run = make_run("fair")
    split = run.benchmark.splits(0)[0]
    batches = {}
    for phase in run.phases:
        batches[phase.arm] = run.factory.steps(phase, split, run.factory.inputs(split), 0)[3]
    assert batches["student"].keys == batches["distilled"].keys[:4] == batches["teacher"].keys
    assert torch.equal(batches["student"]["image"], batches["distilled"]["image"][:4])
    assert batches["distilled"].keys == batches["self"].keys == batches["shuffled"].keys
    assert batches["distilled"].labelled["kind"].tolist() == [True] * 4 + [False] * 4


def test_student_modes_are_right_after_every_arm(make_run):
    run = make_run("modes")
    run.train()
    model = run.trained(0, "fold0", "distilled")
    assert not any(m.training for m in model.modules())


def test_the_exported_student_answers_like_the_trained_one_without_the_run(make_run):
    run = make_run("export")
    run.train()
    alone = load_student(run.folder)
    batch = collate(run.benchmark.splits(0)[0].test).only(("image",))
    with torch.no_grad():
        expected = run.trained(0, "fold0", "distilled").cpu()(batch, Need()).outputs["kind"]
        assert torch.equal(alone(batch, Need()).outputs["kind"], expected)
    text = (run.folder / "student.json").read_text()
    assert '"name": "image"' in text
    assert '"distribution": "xmodal"' in text


def test_a_description_that_was_changed_is_refused_before_it_is_built(make_run):
    run = make_run("other", "arms=('student',)")
    run.train()
    described = json.loads((run.folder / "student.json").read_text())
    described["student"]["backbone"] = "test_convnext"
    (run.folder / "student.json").write_text(json.dumps(described))
    with pytest.raises(DataError, match=r"student\.json: expected fields that give the checksum beside them, found"):
        load_student(run.folder)


def test_weights_of_another_model_are_refused_by_name(make_run):
    run, other = (
        make_run("one", "arms=('student',)"),
        make_run("two", "arms=('student',)", "student.backbone='test_vit'"),
    )
    run.train()
    path = run.place(0, "fold0", "student").weights
    with pytest.raises(DataError, match=r"model\.safetensors: expected the \d+ tensors of Model, found"):
        load_weights(other.factory.model("student", 0), read_tensors(path), path)


def test_changed_weights_are_noticed(make_run):
    run = make_run("flip", "arms=('student',)")
    run.train()
    path = run.folder / "student.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="sha256"):
        load_student(run.folder)


def test_a_student_that_needs_an_entry_outside_deploy_is_refused(make_run):
    with pytest.raises(ConfigError, match=r"student needs the entry 'image' at test time, but deploy is \('lidar',\)"):
        make_run("deploy", "deploy=('lidar',)").train()


def test_an_entry_that_the_data_has_not_is_named(make_run):
    with pytest.raises(ConfigError, match=r"teacher reads entry 'lidar/top'; the data has image, lidar"):
        make_run("entry", "teachers.teacher.key='lidar/top'").train()


def test_folds_are_pooled_within_their_group(make_run):
    run = make_run("folds", "benchmark.folds=2", "arms=('student',)", "schedule.steps=2")
    result = run.train()
    splits = result["groups"]["all"]["student"]["splits"]
    pooled = result["groups"]["all"]["student"]["metrics"][0]["kind"]["accuracy"]
    assert pooled == pytest.approx((splits["fold0"][0] + splits["fold1"][0]) / 2)


def test_modes_are_right_whenever_a_checkpoint_is_written(make_run, monkeypatch):
    # Looks at the validation samples put the student in eval mode for a moment.
    run, seen = make_run("every", "schedule.keep='best'", "schedule.look_every=1"), []
    honest = fit_module._state

    def watching(step, module, *rest):
        teachers = [m.training for t in module.teachers.values() for m in t.modules()]
        seen.append((all(m.training for m in module.student.modules()), any(teachers)))
        return honest(step, module, *rest)

    monkeypatch.setattr(fit_module, "_state", watching)
    run.train()
    assert len(seen) == 5 * 3  # five arms, a checkpoint every second of six steps
    assert set(seen) == {(True, False)}


def test_checkpoints_hold_no_teacher_and_load_without_pickle(make_run, monkeypatch):
    run = make_run("state", "arms=('distilled',)")
    written = {}
    honest = fit_module.write_checkpoint
    monkeypatch.setattr(
        fit_module,
        "write_checkpoint",
        lambda p, content: (honest(p, content), written.update({p: torch.load(p, weights_only=True)})),
    )
    run.train()
    module = next(s for p, s in written.items() if "distilled" in str(p))["module"]
    assert module
    assert not any("teacher" in name for name in module)


def test_the_loaded_student_answers_samples_directly(make_run):
    run = make_run("predict", "arms=('student',)")
    run.train()
    samples = run.benchmark.splits(0)[0].test
    answers = load_student(run.folder).predict(samples)
    stored = run.outcomes[0, "fold0", "student"]["kind"].answer
    assert torch.equal(answers["kind"], stored)


def test_teachers_may_have_more_labels_than_the_student(make_run, monkeypatch):
    (whole,) = Toy().splits(0)
    split = replace(whole, labelled=[0, 1], teacher_labelled=[2, 3, 4, 5])
    monkeypatch.setattr(Toy, "splits", lambda self, seed: [split])
    run = make_run("more")
    result = run.train()
    assert result["samples"]["fold0"]["labelled"] == 2
    assert result["samples"]["fold0"]["teacher_labelled"] == 4
    (split,) = run.splits(0)
    drawn = {p.arm: run.factory.steps(p, split, run.inputs, 0).labelled for p in run.phases}
    assert drawn.pop("teacher") == [2, 3, 4, 5]
    assert set(map(tuple, drawn.values())) == {(0, 1)}
