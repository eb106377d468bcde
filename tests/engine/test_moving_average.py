"""A moving average of the weights, and steps that gather the gradients of several batches."""

from contextlib import nullcontext

import pytest
import torch
from torch import nn

from xmodal.engine.average import Average
from xmodal.engine.fit import _backward
from xmodal.errors import ConfigError
from xmodal.files import read_tensors


def test_it_is_the_average_of_the_formula():
    model, average, expected = nn.Linear(3, 2), Average(0.6), None
    for done in range(1, 9):
        nn.init.normal_(model.weight)
        average.after(done, model)
        decay = min(0.6, (1 + done) / (10 + done))
        own = model.weight.detach().double().clone()
        expected = own if expected is None else decay * expected + (1 - decay) * own
    average.restore(model)
    torch.testing.assert_close(model.weight.detach().double(), expected, rtol=1e-6, atol=1e-7)


def test_counters_are_copied_and_modes_stay():
    model, average = nn.BatchNorm1d(2), Average(0.9)
    average.after(1, model)
    model.train()(torch.randn(4, 2))
    assert not average.after(2, model)
    assert average.weights["num_batches_tracked"] == 1
    assert model.training


def test_a_run_that_keeps_the_average_resumes_to_the_bit(make_run, monkeypatch):
    settings = ("arms=('student',)", "schedule.keep='average'", "schedule.decay=0.5")
    whole = make_run("whole", *settings)
    whole.train()
    plain = make_run("plain", "arms=('student',)")
    plain.train()
    after, calls = Average.after, []

    def killed(self, done, model, last=False):
        calls.append(done)
        if done == 5 and len(calls) == 5:
            raise KeyboardInterrupt
        return after(self, done, model, last)

    monkeypatch.setattr(Average, "after", killed)
    with pytest.raises(KeyboardInterrupt):
        make_run("cut", *settings).train()
    make_run("cut", *settings, resume=True).train()
    assert calls[5:] == [5, 6]  # from the checkpoint after step 4
    cut = make_run("cut", *settings, resume=True)
    a, b, last = (read_tensors(run.place(0, "fold0", "student").weights) for run in (whole, cut, plain))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], last[name]) for name in a)


def test_gathered_gradients_are_the_mean_of_the_batches(make_run):
    run = make_run("gathered", "arms=('student',)", "schedule.accumulate=3", "schedule.steps=2")
    run.train()  # one step takes three batches, and the run ends where they end
    split, phase = run.splits(0)[0], run.phases[0]
    steps = run.factory.steps(phase, split, run.inputs, 0)
    assert len(steps) == 6
    gathered, mean = (run.factory.distillation(phase, {}, 0).train() for _ in range(2))
    for i in range(3):
        _backward(gathered, steps[i], steps.schedule, 0, nullcontext())
    (sum(mean(steps[i], 0.0).total for i in range(3)) / 3).backward()
    for own, other in zip(gathered.parameters(), mean.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("schedule.decay=1.0", "schedule.decay: expected a number between 0 and 1, found 1.0"),
        ("schedule.accumulate=0", "schedule.accumulate: expected a whole number from 1, found 0"),
    ],
)
def test_numbers_that_make_no_sense_are_told(make_run, setting, error):
    with pytest.raises(ConfigError, match=error):
        make_run("wrong", setting)
