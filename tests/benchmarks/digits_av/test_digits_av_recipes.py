"""The recipes of this benchmark train every arm end to end; a few steps on a few images."""

import pytest
from rich.console import Console

from xmodal.benchmarks.digits_av import benchmark
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run

FEW = ("benchmark.photos=1", "schedule.steps=2", "schedule.labelled=4", "schedule.paired=4", "teacher_schedule.steps=2")


@pytest.fixture
def small_world(monkeypatch):
    monkeypatch.setattr(benchmark, "PARTS", {"train": (0, 40), "val": (1029, 1040), "test": (1287, 1300)})


def trained(name, folder, *overrides):
    assert read(find(name)).benchmark["labelled"] == (100, 1.0)  # the recipe's two tables
    config = read(find(name), overrides)
    run = Run(folder, config, find(name), Log(folder, Console(quiet=True)), overrides=overrides)
    return run.train()


def check(name, folder):
    result = trained(name, folder, "benchmark.labelled=20", *FEW)
    assert list(result["arms"]) == ["teacher", "student", "self", "shuffled", "distilled"]
    assert list(result["groups"]) == ["20 labels"]
    assert result["samples"] == {"labels20": {"train": 40, "labelled": 20, "val": 11, "test": 13}}
    assert result["metric"] == "accuracy"
    assert (folder / "student.safetensors").is_file()


def test_audio_to_image_trains_every_arm(small_world, tmp_path):
    check("audio_to_image_digits", tmp_path / "run")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_student(small_world, tmp_path):
    for name in ("one", "two"):
        trained("audio_to_image_digits", tmp_path / name, "benchmark.labelled=20", "arms=('distilled',)", *FEW)
    one, two = ((tmp_path / name / "student.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_text_and_image_to_image_trains_every_arm(small_world, tmp_path):
    pytest.importorskip("open_clip")
    check("text_image_to_image", tmp_path / "run")
