"""The bench of stored teachers: all sides train the same, and it prints what it measured. No time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from xmodal.benchmarks.speed import store, stored, stored_case


def test_the_loop_by_hand_trains_what_the_store_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_case.write_stores(tmp_path)
    monkeypatch.setattr(stored, "COMPARED", 4)
    stored.check(tmp_path)
    monkeypatch.setattr(stored, "targets", lambda _: [{name: torch.randn(16, 64, 96) for name in stored_case.NAMES}])
    with pytest.raises((ValueError, RuntimeError)):
        stored.check(tmp_path)


@pytest.mark.slow
def test_a_few_blocks_of_every_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored.main(["--rounds", "2", "--block", "2", "--threads", "1", "--json", str(tmp_path / "a.json")])
    told = capsys.readouterr().out
    assert all(side in told for side in stored.SIDES)
    assert (tmp_path / "a.json").is_file()


def test_the_store_bench_reads_what_it_wrote(tmp_path: Path) -> None:
    case = store.CASES[0]._replace(records=70, width=8, classes=3)
    seconds = store.written(case, tmp_path)
    assert seconds.keys() == {"store", "files", "memmap"}
    for read in store.readers(case, tmp_path).values():
        read()
    whole = store.Store(tmp_path / "store").read(["s000069", "s000003"])
    assert torch.equal(whole.pooled, store.Fixed(case).table[[69, 3]])
