"""The recipe, for a few steps on made-up plots."""

import torch
from rich.console import Console

from xmodal import load_student
from xmodal.data.sample import Sample
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run


def test_the_recipe_trains_and_its_student_needs_the_image_alone(hsi_root, tmp_path):
    source, folder = find("hsi_to_rgb_trees"), tmp_path / "run"
    given = (f"benchmark.root={hsi_root}", "benchmark.labelled=(1.0,)", "arms=('student','distilled')")
    given += ("schedule.steps=2", "schedule.labelled=4", "schedule.paired=4", "teacher_schedule.steps=2")
    run = Run(folder, read(source, given), source, Log(folder, Console(quiet=True)), overrides=given)
    result = run.train()
    assert set(result["arms"]) == {"teacher", "student", "distilled"}
    student = load_student(folder)
    assert student.inputs == ("image",)
    image = run.benchmark.sample(0).entries["image"]
    with torch.no_grad():
        assert student.predict([Sample("alone", {"image": image})])["species"].shape == (1,)
