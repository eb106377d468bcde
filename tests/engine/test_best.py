"""Keeping the weights that scored best on the validation samples."""

import math

import pytest
import torch
from torch import nn

from xmodal.engine.best import Best
from xmodal.errors import ConfigError
from xmodal.files import read_json


def watch(scores):
    """A model whose weight counts the looks, and the Best after those scores."""
    model, given = nn.Linear(1, 1, bias=False), iter(scores)
    best = Best(lambda _: next(given), every=10)
    for i in range(len(scores)):
        nn.init.constant_(model.weight, i)
        best.look(10 * (i + 1), model)
    return model, best


@pytest.mark.parametrize(
    ("scores", "kept"), [([0.1, 0.3, 0.2], 1), ([0.5, 0.5], 0), ([math.nan, 0.1, math.nan], 1), ([math.nan], 0)]
)
def test_the_first_of_the_best_is_kept_and_restored(scores, kept):
    model, best = watch(scores)
    best.restore(model)
    assert model.weight.item() == kept
    assert best.step == 10 * (kept + 1)


def test_its_state_goes_through_a_checkpoint(tmp_path):
    _, best = watch([0.2, 0.1])
    torch.save(best.state(), tmp_path / "state.pt")
    again = Best(lambda _: 0.0, every=10)
    again.load(torch.load(tmp_path / "state.pt", weights_only=True))
    assert (again.value, again.step) == (0.2, 10)
    assert torch.equal(again.weights["weight"], best.weights["weight"])


def test_a_run_keeps_what_scored_best_on_validation_never_on_test(make_run, monkeypatch):
    seen, look = [], Best.look

    def recording(self, step, model):
        look(self, step, model)
        seen.append((step, self.score(model), {k: v.clone() for k, v in model.state_dict().items()}))

    monkeypatch.setattr(Best, "look", recording)
    run = make_run("best", "arms=('student',)", "schedule.keep='best'", "schedule.look_every=2", "schedule.steps=7")
    (split,) = run.benchmark.splits(0)
    run.train()
    assert [step for step, _, _ in seen] == [2, 4, 6, 7]
    score = max(value for _, value, _ in seen)
    kept = next(weights for _, value, weights in seen if value == score)
    trained = run.trained(0, split.name, "student").state_dict()
    assert all(torch.equal(trained[name], kept[name]) for name in trained)
    assert read_json(run.place(0, split.name, "student").done)["val"]["kind"]["accuracy"] == score


def test_without_validation_samples_it_is_refused(make_run, monkeypatch):
    run = make_run("none", "arms=('student',)", "schedule.keep='best'")
    (split,) = run.benchmark.splits(0)
    bare = type(split)(split.name, split.train, [], split.test, split.labelled)
    monkeypatch.setattr(run.benchmark, "splits", lambda seed: [bare])
    with pytest.raises(ConfigError, match=r"schedule\.keep='best' needs validation samples"):
        run.train()
    with pytest.raises(ConfigError, match=r"schedule\.keep: expected 'last', 'best' or 'average', found 'first'"):
        make_run("first", "arms=('student',)", "schedule.keep='first'").train()
