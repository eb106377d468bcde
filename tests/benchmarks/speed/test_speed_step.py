"""The step bench compares equals, takes turns, and writes what it found. No time is asserted."""

import io
import json
import sys
from itertools import count
from pathlib import Path

import pytest

from xmodal.benchmarks.speed import blocks, hand_written, step, step_torchdistill
from xmodal.benchmarks.speed.blocks import Blocks, Loop
from xmodal.benchmarks.speed.results import Figure, read
from xmodal.benchmarks.speed.step_case import SEED, Case, plain

INSTALLED = step.SIDES if step_torchdistill.installed() else step.SIDES[:-1]


def test_the_loop_written_by_hand_is_short():
    assert len(Path(hand_written.__file__).read_text(encoding="utf-8").splitlines()) <= 40


@pytest.mark.parametrize("teachers", [1, 3])
def test_all_sides_have_the_same_losses_in_every_step(teachers):
    step.check(Case("tiny", teachers), INSTALLED, steps=25)


@pytest.mark.slow
@pytest.mark.parametrize("teachers", [1, 3])
def test_all_sides_have_the_same_losses_with_a_residual_net(teachers):
    step.check(Case("small", teachers), INSTALLED, steps=40)


@pytest.mark.parametrize(("setting", "value"), [("RATE", 1.1e-3), ("CLIP", 0.1), ("TEMPERATURE", 2.1), ("DECAY", 0.5)])
def test_sides_that_train_otherwise_are_found_out(monkeypatch, setting, value):
    monkeypatch.setattr(hand_written, setting, value)
    with pytest.raises(ValueError, match=r"tiny, 1 teacher: expected the same losses .* of xmodal and .* in step \d"):
        step.check(Case("tiny", 1), step.SIDES[:-1], steps=25)


def test_the_teachers_change_what_is_learned():
    case = Case("tiny", 1)
    batches = (case.tensors() * 2)[:20]
    teachers = [plain(model) for model in case.teacher_models()]
    taught, alone = (
        hand_written.train(plain(case.model(SEED)), given, batches, steps=20)[-1] for given in (teachers, [])
    )
    assert taught > alone


def test_a_loop_is_held_before_each_block_and_ends_with_its_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("next\nnext\n"))
    seen = []
    with pytest.raises(SystemExit):
        seen.extend(Blocks("abc", steps=4, length=20))
    assert "".join(seen) == "abcabcab"
    assert len(capsys.readouterr().out.split()) == 2  # the seconds of two blocks


def test_a_process_answers_each_block_and_its_end_is_told():
    answers = "import sys\nfor line in sys.stdin: print(0.25, flush=True)"
    with Loop([sys.executable, "-c", answers]) as loop:
        assert [loop.block(), loop.block()] == [0.25, 0.25]
    assert loop.process.returncode == 0
    with Loop([sys.executable, "-c", "raise SystemExit(3)"]) as loop, pytest.raises(RuntimeError, match="exit code 3"):
        loop.block()


class Scripted:
    """Stands for a process: each block takes a thousandth longer than the last one of any process."""

    numbers = count(1)

    def __init__(self, command: list[str]) -> None:
        self.command = command

    def block(self) -> float:
        return next(self.numbers) / 1000

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *error: object) -> None:
        pass


def test_the_rows_hold_every_side_and_the_figures_what_is_asked(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(blocks, "Loop", Scripted)
    monkeypatch.setattr(step, "COMPARED", 5)
    given = ["--quick", "--nets", "tiny", "--teachers", "1", "3", "--json", str(tmp_path / "step.json")]
    step.main(given)
    written = json.loads((tmp_path / "step.json").read_text(encoding="utf-8"))
    assert [(row["net"], row["teachers"], row["rounds"], row["block"]) for row in written["rows"]] == [
        ("tiny", 1, 3, 5),
        ("tiny", 3, 3, 5),
    ]
    for row in written["rows"]:
        assert set(row["step_ms"]) == set(INSTALLED)
        for name in ("ratio", "ratio_of_totals", "difference_ms"):
            assert set(row[name]) == set(INSTALLED) - {"xmodal"}
            assert all(value["low"] <= value["value"] <= value["high"] for value in row[name].values())
    result = read(tmp_path / "step.json")
    assert result.conditions.command == "python -m xmodal.benchmarks.speed.step --quick --nets tiny --teachers 1 3"
    bars = {figure.name: figure.bar for figure in result.figures}
    assert bars["tiny, 1 teacher: xmodal - hand-written, a step"] == "at most 0.1"
    assert bars["tiny, 3 teachers: xmodal / student alone"] == ""
    out = capsys.readouterr().out
    assert result.conditions.commit in out
    assert "tiny, 3 teachers: ms a step: xmodal" in out


def test_the_bar_of_a_small_net_is_a_ratio():
    value = {"value": 1.0, "low": 0.9, "high": 1.1}
    others = dict.fromkeys(step.SIDES[1:], value)
    row = {"net": "small", "teachers": 1, "ratio": others, "ratio_of_totals": others, "difference_ms": others}
    found = {figure.name: figure for figure in step.figures([row])}
    by_hand = "small, 1 teacher: xmodal / hand-written"
    assert found[by_hand] == Figure(by_hand, 1.0, "x", 0.9, 1.1, "at most 1.03")
    assert found["small, 1 teacher: xmodal - torchdistill, a step"].bar == "interval below 0"


def test_without_torchdistill_its_column_is_left_out_with_one_line(monkeypatch, capsys):
    monkeypatch.setattr(step_torchdistill, "installed", lambda: False)
    monkeypatch.setattr(blocks, "Loop", Scripted)
    monkeypatch.setattr(step, "COMPARED", 2)
    step.main(["--quick", "--nets", "tiny", "--teachers", "1"])
    out = capsys.readouterr().out
    assert "torchdistill is left out: it is not installed" in out
    assert "xmodal - torchdistill" not in out


@pytest.mark.slow
def test_whole_loops_take_turns(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    step.main(["--quick", "--nets", "tiny", "--teachers", "1", "--threads", "1", "--json", "step.json"])
    (row,) = json.loads(Path("step.json").read_text(encoding="utf-8"))["rows"]
    assert all(value > 0 for value in row["step_ms"].values())
    assert [path.name for path in tmp_path.iterdir()] == ["step.json"]  # checkpoints lay in a folder that is gone
