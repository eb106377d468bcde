"""The recipe, for a few steps on a few streets."""

import torch
from rich.console import Console

from xmodal import load_student
from xmodal.data.sample import Sample
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run


def test_the_recipe_trains_and_its_student_needs_the_radar_alone(tmp_path):
    source, folder = find("lidar_to_radar_street"), tmp_path / "run"
    given = ("benchmark.streets=2", "benchmark.places=3", "benchmark.sessions=2", "benchmark.labelled=(2,)")
    given += ("benchmark.val=1", "benchmark.test=1", "benchmark.workers=1", "arms=('student','distilled')")
    given += ("schedule.steps=2", "schedule.labelled=4", "schedule.paired=4", "teacher_schedule.steps=2")
    run = Run(folder, read(source, given), source, Log(folder, Console(quiet=True)), overrides=given)
    result = run.train()
    assert set(result["arms"]) == {"teacher", "student", "distilled"}
    assert all(0 <= score <= 1 for scores in result["arms"].values() for score in scores)
    student = load_student(folder)
    assert student.inputs == ("radar",)
    sample = run.benchmark.sample(0)
    alone = student.predict([Sample(sample.key, {"radar": sample.entries["radar"]})])["place"]
    assert alone.shape == (1, 128)
    torch.testing.assert_close(alone.norm(dim=1), torch.ones(1))


def test_every_labelled_batch_of_the_recipe_holds_places_visited_twice():
    config = read(find("lidar_to_radar_street"))
    labelled, sessions = min(config.benchmark["labelled"]), config.benchmark.get("sessions", 4)
    # Drawn without repetition from the labelled visits: more than one a place on average means that some meet.
    assert config.schedule["labelled"] > labelled
    assert config.schedule["labelled"] <= labelled * sessions
