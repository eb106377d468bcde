"""A few steps of the shipped recipe, from scans to the finished student."""

from pathlib import Path

import torch
from rich.console import Console

from xmodal import load_student
from xmodal.data.sample import Sample
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.files import read_tensors

SMALL = (
    "benchmark.subjects=16",
    "benchmark.labelled=(6, 1.0)",
    "benchmark.val=4",
    "benchmark.test=8",
    "student.widths=(4, 8)",
    "teachers.pet.widths=(4, 8)",
    "schedule.steps=3",
    "schedule.labelled=4",
    "schedule.paired=4",
    "teacher_schedule.steps=3",
)


def trained(folder: Path) -> Run:
    source = find("pet_to_mri_phantom")
    run = Run(folder, read(source, SMALL), source, Log(folder, Console(quiet=True)), overrides=SMALL)
    run.train()
    return run


def test_the_recipe_trains_end_to_end_and_repeats_its_numbers(tmp_path: Path) -> None:
    first, again = trained(tmp_path / "a"), trained(tmp_path / "b")
    assert [phase.arm for phase in first.phases] == ["teacher", "student", "self", "shuffled", "distilled"]
    for split in first.benchmark.splits(0):
        for phase in first.phases:
            places = [run.place(0, split.name, phase.arm) for run in (first, again)]
            one, other = (read_tensors(place.weights) for place in places)
            assert all(torch.equal(one[name], other[name]) for name in one)
            assert read_tensors(places[0].answers)["diagnosis.answer"].shape == (8,)
    student = load_student(tmp_path / "a")
    mri = first.benchmark.sample(0).entries["volume/mri"]
    assert student.predict([Sample("one", {"volume/mri": mri})])["diagnosis"].shape == (1,)
