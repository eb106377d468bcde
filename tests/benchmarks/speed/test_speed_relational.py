"""The measurement of relational losses runs, compares equals, and says what it measured. No time is asserted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from xmodal.benchmarks.speed import relational
from xmodal.benchmarks.speed.measure import machine, measured


@pytest.mark.parametrize("loss", relational.LOSSES)
def test_both_sides_compute_the_same(loss: str) -> None:
    # Of 16 rows, 16 drawn corners are all there are.
    ours, direct = (relational.step(loss, side, 16, 8)() for side in ("ours", "direct"))
    torch.testing.assert_close(ours, direct, rtol=1e-4, atol=1e-7)


def test_one_measurement_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    relational.main(["--one", "rkd_distance", "ours", "--batches", "16", "--width", "8"])
    found = json.loads(capsys.readouterr().out)
    assert found["seconds"] > 0
    assert found["extra_bytes"] >= 0
    assert (found["loss"], found["side"], found["batch"], found["width"]) == ("rkd_distance", "ours", 16, 8)


def test_the_table_names_machine_versions_and_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def instead(loss: str, side: str, batch: int, width: int) -> dict[str, object]:
        return {"loss": loss, "side": side, "batch": batch, "width": width, "seconds": 0.5, "extra_bytes": 2**21}

    monkeypatch.setattr(relational, "in_fresh_process", instead)
    relational.main(["--batches", "16", "2000000", "--json", str(tmp_path / "rows.json")])
    written = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert written["machine"] == machine()
    assert {"processor", "torch", "python", "threads"} <= written["machine"].keys()
    assert written["seed"] == relational.SEED
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["rkd_distance", "16", "0.5000", "0.5000", "2", "2"]
    assert lines[3].split() == ["rkd_distance", "2000000", "0.5000", "-", "2", "-"]  # no machine holds that matrix


def test_memory_that_a_call_held_is_counted() -> None:
    # In a process of its own: one that has trained keeps memory, from which a call is served.
    code = f"import torch\nfrom {measured.__module__} import measured\n"
    code += "print(measured(lambda: torch.ones(64 * 2**18).sum(), seconds=0)['extra_bytes'])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 60 * 2**20 < float(told) < 80 * 2**20
