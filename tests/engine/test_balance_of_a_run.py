"""Whatever the balance, a run trains with it, saves what it learned, and resumes to the bit."""

import pytest
import torch

from engine.toy_benchmark import Toy
from xmodal.balance import FixedWeights, Homoscedastic
from xmodal.engine import fit as fit_module
from xmodal.engine.optimiser import optimiser
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError
from xmodal.files import read_tensors

BALANCES = {
    "schedule": "type=FixedWeights, weights=dict(soft=dict(type=WarmUp, to=2.0, until=0.5))",
    "learned": "type=Homoscedastic, learned=('task', 'soft')",
    "by sample": "type=PerSamplePrecision, learned=('soft',), width=16, form='map'",
    "dropping": "type=TeacherDropping, teachers=dict(teacher=('soft',))",
    "agreement": "type=Agreement, task='kind', distilled='soft/kind'",
    "surgery": "type=GradientSurgery",
}
CLASSES = "Agreement, FixedWeights, GradientSurgery, Homoscedastic, PerSamplePrecision, TeacherDropping, WarmUp"


def choose(source, balance):
    text = source.read_text().replace("import FixedWeights", f"import {CLASSES}")
    source.write_text(text.replace("type=FixedWeights, weights=dict(soft=1.0)", balance))


@pytest.mark.parametrize("name", BALANCES)
def test_each_can_be_named_in_a_config(make_run, source, name):
    choose(source, BALANCES[name])
    run = make_run("one")
    (split,) = run.benchmark.splits(0)
    phase = next(p for p in run.phases if p.arm == "distilled")
    step = run.factory.distillation(phase, {"teacher": run.factory.model("teacher", 0)}, 0).train()
    step(run.factory.steps(phase, split, run.factory.inputs(split), 0)[0], 0.5).total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in step.balance.parameters())
    assert any(p.grad is not None and p.grad.any() for p in step.student.parameters())


@pytest.mark.parametrize("name", ["learned", "dropping", "agreement"])
def test_a_stopped_run_resumes_to_the_bits_of_an_uninterrupted_one(make_run, source, monkeypatch, name):
    choose(source, BALANCES[name])
    overrides = (
        "arms=('distilled',)",
        "schedule.checkpoint_every=1",
        "schedule.steps=4",
        "teacher_schedule={'steps': 1}",
    )
    whole = make_run("whole", *overrides)
    whole.train()

    class Killed(BaseException):
        pass

    steps, honest = 0, fit_module.autocast

    def killing(device, precision):
        nonlocal steps
        steps += 1
        if steps == 1 + 2 + 1:  # the teacher's step, then two of the student's
            raise Killed
        return honest(device, precision)

    monkeypatch.setattr(fit_module, "autocast", killing)
    with pytest.raises(Killed):
        make_run("stopped", *overrides).train()
    monkeypatch.setattr(fit_module, "autocast", honest)
    torch.manual_seed(12345)
    resumed = make_run("stopped", *overrides, resume=True)
    resumed.train()
    a, b = (read_tensors(run.place(0, "fold0", "distilled").weights) for run in (whole, resumed))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_what_a_balance_learns_is_optimised_and_saved_with_the_rest(make_run, source):
    choose(source, BALANCES["learned"])
    run = make_run("one")
    phase = next(p for p in run.phases if p.arm == "distilled")
    teachers = {"teacher": run.factory.model("teacher", 0)}
    step = run.factory.distillation(phase, teachers, 0)
    assert "balance.s" in step.state_dict()
    (undecayed,) = [
        g for g in optimiser(step, Schedule()).param_groups if any(p is step.balance.s for p in g["params"])
    ]
    assert undecayed["weight_decay"] == 0
    alone = run.factory.distillation(next(p for p in run.phases if p.arm == "student"), {}, 0)
    assert isinstance(alone.balance, Homoscedastic)
    assert alone.balance.learned == ("task",)


def test_a_balance_is_checked_where_it_is_built(make_run):
    run = make_run("wrong", "balance={'type': 'classification', 'classes': ('a', 'b')}")
    with pytest.raises(ConfigError, match="balance: expected a balance, found Classification"):
        run.factory.distillation(run.phases[0], {}, 0)


def test_without_a_balance_all_terms_weigh_one(make_run):
    run = make_run("none", "balance=None")
    assert isinstance(run.benchmark, Toy)
    balance = run.factory.distillation(run.phases[0], {}, 0).balance
    assert isinstance(balance, FixedWeights)
    assert balance.weights == {}
