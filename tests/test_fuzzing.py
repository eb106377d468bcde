"""The fuzzer itself: it has every reader, repeats its mutants, and notices each kind of fault."""

import inspect
import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import xmodal.benchmarks
import xmodal.modalities
from fuzz import mutant, mutations, refuses, survive
from fuzzing.case import Case, stored
from fuzzing.sandbox import Run, chosen
from xmodal.errors import DataError

TESTS = Path(__file__).resolve().parent
CONTENT = b"SIZE 12 7.5\n" + bytes(range(200))


def run(tmp_path, read, count=40):
    case = Case("made", stored("a.bin", CONTENT), read)
    found = Run(case, count, 0, 60, tmp_path)
    found.start()
    while not found.finish():
        pass
    return found


def only_damaged(fault):
    """A reader that meets the fault in every file but the whole one."""

    def read(path):
        if path.read_bytes() != CONTENT:
            return fault()
        return None

    return read


def test_mutants_repeat_and_differ():
    assert list(mutations(CONTENT, 300, 5)) == [mutant(CONTENT, number, 5) for number in range(300)]
    assert len(set(mutations(CONTENT, 300, 5))) > 270
    assert list(mutations(CONTENT, 300, 5))[3:] != list(mutations(CONTENT, 300, 6))[3:]


def test_numbers_in_text_and_fields_become_extreme():
    made = b"".join(mutations(CONTENT[:40], 3000))
    assert b"SIZE 9223372036854775807" in made
    assert b"\xff\xff\xff\xff\xff\xff\xff\x7f" in made
    assert b"\x7f\xff\xff\xff" in made


def test_a_good_reader_passes_and_is_counted(tmp_path):
    def read(path):
        if path.read_bytes()[:4] != b"SIZE":
            raise DataError(path, expected="SIZE", found="something else")

    found = run(tmp_path, read, 200)
    assert found.failures() == []
    assert found.state[1] > 3
    assert found.state[1] + found.state[2] == 200


def wrong():
    raise ValueError("no number")


def repeated():
    try:
        wrong()
    except ValueError as error:
        raise DataError("a.bin", expected="a number", found=f"{type(error).__name__}: {error}") from None


def greedy():
    try:
        bytearray(3 * 2**30)
    except MemoryError as error:
        raise DataError("a.bin", expected="a small file", found="a large one") from error


FAULTS = {
    "ValueError: no number": wrong,
    "only repeats another exception": repeated,
    "asked for too much memory": greedy,
    "signal 11": lambda: os.kill(os.getpid(), 11),
    "end of the process": lambda: os._exit(3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_kind_of_fault_is_told_with_its_mutant(tmp_path, fault):
    failures = run(tmp_path, only_damaged(FAULTS[fault])).failures()
    assert failures
    assert failures[0].startswith("mutant 0: ")
    assert fault in failures[0]


def test_a_hang_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("fuzzing.sandbox.MOST_SECONDS", 0.3)
    monkeypatch.setattr("fuzzing.sandbox.MOST_FAILURES", 1)

    def endless():
        while True:
            pass

    (failure,) = run(tmp_path, only_damaged(endless)).failures()
    assert "mutant 0: hang" in failure
    assert "endless" in failure


def test_mutants_that_were_not_reached_fail(tmp_path):
    found = Run(Case("made", stored("a.bin", CONTENT), lambda path: None), 10**9, 0, 0.2, tmp_path)
    found.start()
    assert found.finish()
    assert "mutants within 0.2 s" in found.failures()[0]


def test_words_of_our_own_are_asked_for(tmp_path):
    with pytest.raises(AssertionError, match="only repeats"):
        refuses(lambda path: repeated(), tmp_path)
    with pytest.raises(AssertionError, match=r"mutant 0 \(seed 0\): gave ValueError"):
        survive(lambda path: wrong(), stored("a.bin", CONTENT)(tmp_path), 5)


def readers():
    """Every public function of a modality or benchmark whose name says that it reads a file."""
    for package in (xmodal.modalities, xmodal.benchmarks):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, found in vars(import_module(module.name)).items():
                if name.startswith("read_") and inspect.isfunction(found) and found.__module__ == module.name:
                    yield found


def test_every_reader_is_in_the_table():
    """A new reader needs a case of its own, or a word here on what calls it."""
    from fuzzing.table import CASES, MODULES

    used = [found for module in MODULES for found in vars(module).values() if inspect.isfunction(found)]
    names = {f"{found.__module__.removeprefix('xmodal.')}.{found.__name__}" for found in readers() if found not in used}
    assert not names - set(CALLED), f"no case in tests/fuzzing calls {sorted(names - set(CALLED))}"
    assert len({case.name for case in CASES}) == len(CASES)


CALLED = {
    "modalities.lidar.files.read_bytes": "by every reader of clouds",
    "modalities.npy.read_npy": "by read_series, read_raster and read_events",
    "modalities.series.mat.read_mat": "by read_series",
    "modalities.series.table.read_table": "by read_series",
    "modalities.raster.tiff.read_tiff": "by read_raster",
    "modalities.text.pairs.read_pixels": "by the pairs of text",
    "benchmarks.kitti.text.read_lines": "by the readers of KITTI",
    "benchmarks.av_digits.benchmark.read_samples": "by read_idx and read_audio",
    "benchmarks.trees.plot.read_plot": "by read_las and read_geotiff, on what they return",
    "benchmarks.trees.sample.read_samples": "by read_plot and read_crowns",
    "benchmarks.trees.species.read_species_samples": "by read_hsi and read_crowns",
    "benchmarks.mars.windows.read_windows": "by its read_radar and read_skeletons",
    "benchmarks.mars.windows.read_parts": "by its read_skeletons",
    "benchmarks.phone_watch.windows.read_windows": "by its read_recording",
    "benchmarks.ssvep.session.read_session": "by read_recording of EEG",
}
"""Readers that only call, or are called by, those of the table."""


def test_formats_are_chosen_by_the_start_of_their_name():
    cases = [Case(name, stored("a", b""), str) for name in ("lidar.pcd", "lidar.ply", "audio.wav")]
    assert [case.name for case in chosen(cases, ["lidar"])] == ["lidar.pcd", "lidar.ply"]
    assert len(chosen(cases, [])) == 3
    with pytest.raises(SystemExit, match=r"known: lidar\.pcd"):
        chosen(cases, ["radar"])


def test_the_command_replays_a_mutant():
    command = [sys.executable, "-m", "fuzzing", "--formats", "tabular.csv", "--only", "0"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(TESTS)}, capture_output=True, text=True)
    assert done.stdout.strip() == "refused", done.stderr
