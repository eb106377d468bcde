"""Learning from a store gives the student that learning from the live teacher gives, on a shipped recipe."""

import pytest
from rich.console import Console

from xmodal.engine.caching import train_teachers, write_stores
from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run

SHORT = (
    "benchmark.labelled=(100,)",
    "arms=('teacher', 'distilled')",
    "schedule.steps=60",
    "teacher_schedule.steps=60",
)


@pytest.mark.slow
@pytest.mark.parametrize("views", [0, 4])
def test_the_distilled_student_scores_the_same_within_a_fifth_of_a_point(tmp_path, views):
    source = find("audio_to_image_digits")
    overrides = [*SHORT, f"schedule.views={views}"]

    def run(name, store=None):
        log = Log(tmp_path / name, Console(quiet=True))
        return Run(tmp_path / name, read(source, overrides), source, log, overrides=overrides, resume=True, store=store)

    stored = run("stored", tmp_path / "store")
    train_teachers(stored, {})
    write_stores(stored, {}, lambda *_: None, lambda *_: None)
    scores = [r.train()["arms"]["distilled"][0] for r in (run("stored", tmp_path / "store"), run("live"))]
    assert scores[0] == pytest.approx(scores[1], abs=0.002)
    assert min(scores) > 0.2  # both learned something
