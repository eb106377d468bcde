"""The growth bench: its exponent is that of a power, an epoch sees every sample once, rows say what was measured."""

import json

import pytest
import torch

from xmodal.benchmarks.speed import growth, growth_case
from xmodal.benchmarks.speed.growth_case import BATCH, Case
from xmodal.data.batch import collate
from xmodal.errors import ConfigError

SIZES = ["--samples", "16", "32", "--teachers", "1", "2", "--tokens", "8", "16", "--clock", "8", "16"]


@pytest.mark.parametrize("power", [0, 1, 1.5, 2])
def test_the_exponent_of_a_power_is_found_in_its_interval(power):
    sizes, noise = (10, 20, 40, 80), (1, 1.05, 0.95, 1.02, 0.98)
    exact = growth.exponent(sizes, [[3 * size**power] * 5 for size in sizes])
    assert exact == pytest.approx({"value": power, "low": power, "high": power})
    rough = growth.exponent(
        sizes, [[3 * size**power * n for n in noise[i:] + noise[:i]] for i, size in enumerate(sizes)]
    )
    assert rough["low"] < rough["value"] < rough["high"]
    assert rough["value"] == pytest.approx(power, abs=0.05)


def test_one_size_has_no_exponent():
    with pytest.raises(ConfigError, match=r"at least two different sizes, found \[8, 8\]"):
        growth.exponent([8, 8], [[1.0], [2.0]])


def test_an_epoch_sees_every_sample_once(monkeypatch):
    seen = []

    def watched(*args, **options):
        batch = collate(*args, **options)
        seen.append(batch.index.tolist())
        return batch

    monkeypatch.setattr("xmodal.engine.loader.collate", watched)
    call = Case(samples=3 * BATCH, teachers=1, tokens=4).epoch()
    for _ in range(2):  # a second call starts anew, not from the first one's checkpoint
        seen.clear()
        assert call() > 0
        assert [len(batch) for batch in seen] == [BATCH] * 3
        assert sorted(index for batch in seen for index in batch) == list(range(3 * BATCH))


def test_every_teacher_has_a_loss_that_trains_the_student():
    case = Case(samples=4, teachers=3, tokens=5)
    distillation = case.distillation()
    losses = distillation(collate(case.data()))
    assert losses.terms.keys() == {"task/kind", *(f"tokens_teacher{number}/tokens" for number in range(3))}
    values = [losses.terms[f"tokens_teacher{number}/tokens"] for number in range(3)]
    assert not any(torch.equal(values[0], other) for other in values[1:])
    losses.total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in distillation.parameters())


def test_tokens_pair_the_same_by_grid_and_by_clock():
    pairs = []
    for paired_by in ("grid", "clock"):
        case = Case(samples=4, teachers=1, tokens=6, paired_by=paired_by)
        (found,) = case.distillation().frame(collate(case.data())).pairs.values()
        pairs.append(found)
    assert len(pairs[0].index) == 4 * 6
    assert torch.equal(pairs[0].index, pairs[1].index)
    assert torch.equal(pairs[0].weight, pairs[1].weight)


def test_only_what_is_asked_for_grows():
    assert set(growth.SIZES) == {"samples", "teachers", "tokens", "clock"}
    base = growth.BASE
    for what, wanted in {
        "samples": Case(7, base.teachers, base.tokens),
        "teachers": Case(base.samples, 7, base.tokens),
        "tokens": Case(base.samples, base.teachers, 7),
        "clock": Case(base.samples, base.teachers, 7, "clock"),
    }.items():
        assert growth.cases(what, [7]) == {7: wanted}


def test_the_quick_run_writes_what_it_prints(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(growth, "BASE", Case(samples=16, teachers=1, tokens=8))
    growth.main([*SIZES, "--rounds", "2", "--json", str(tmp_path / "growth.json")])
    written = json.loads((tmp_path / "growth.json").read_text(encoding="utf-8"))
    assert written["seed"] == growth_case.SEED
    assert written["machine"]["python"]
    rows = written["rows"]
    assert [row["what"] for row in rows] == list(growth.SIZES)
    for row in rows:
        assert len(row["sizes"]) == len(row["seconds"]) == 2
        assert min(row["seconds"]) > 0
        assert row["base"]["samples"] == 16
        for which in ("exponent", "last"):
            assert row[which]["low"] <= row[which]["value"] <= row[which]["high"]
    assert len(written["figures"]) == 3 * len(rows)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == list(growth.SIZES)


def test_a_quantity_without_sizes_is_left_out(capsys, monkeypatch):
    monkeypatch.setattr(growth, "BASE", Case(samples=16, teachers=1, tokens=8))
    growth.main(["--samples", "--teachers", "--tokens", "8", "16", "--clock", "--rounds", "1"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["tokens"]
