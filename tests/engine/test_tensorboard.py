"""What TensorBoard is given is what stands in metrics.jsonl."""

import builtins
import json

import pytest
from rich.console import Console

from xmodal.engine.curves import Curves
from xmodal.engine.log import Log
from xmodal.errors import ConfigError


def test_curves_hold_the_numbers_of_the_log(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = Log(tmp_path, Console(quiet=True), curves=True)
    for arm in ("student", "distilled"):
        with log.phase({"seed": 0, "split": "fold0", "arm": arm}, 2) as report:
            for step in (1, 2):
                report(step, {"loss": 1.5 * step, "learning_rate": 0.1}, 0.0)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    for arm in ("student", "distilled"):
        events = EventAccumulator(str(tmp_path / "tensorboard" / "seed0" / "fold0" / arm)).Reload()
        found = [(event.step, event.value) for event in events.Scalars("loss")]
        assert found == [(row["step"], row["loss"]) for row in rows if row["arm"] == arm]


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def absent(name, *rest):
        if name == "torch.utils.tensorboard":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError, match=r"--tensorboard needs a package: pip install 'xmodal\[tensorboard\]'"):
        Curves(tmp_path)
