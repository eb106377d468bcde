"""The recipe, for a few steps on made-up recordings."""

import pytest
import torch
from rich.console import Console

from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.errors import ConfigError


@pytest.fixture
def make_run(ssvep_root, tmp_path):
    def make(*overrides):
        source = find("eeg_to_oz_ssvep")
        short = (f"benchmark.root={ssvep_root}", "benchmark.labelled=(1.0,)", "schedule.steps=2", "schedule.labelled=4")
        given = (*short, "schedule.paired=4", "teacher_schedule.steps=2", *overrides)
        folder = tmp_path / "run"
        return Run(folder, read(source, given), source, Log(folder, Console(quiet=True)), overrides=given)

    return make


@pytest.mark.slow
def test_the_recipe_trains_and_its_student_needs_oz_alone(make_run):
    run = make_run("arms=('student','distilled')")
    result = run.train()
    assert set(result["arms"]) == {"teacher", "student", "distilled"}
    student = run.trained(0, run.benchmark.splits(0)[0].name, "distilled").cpu()
    assert student.inputs == ("eeg/oz",)
    sample = run.benchmark.sample(0)
    alone = type(sample)(sample.key, {"eeg/oz": sample.entries["eeg/oz"]})
    with torch.no_grad():
        assert student.predict([alone])["stimulus"].shape == (1,)


@pytest.mark.slow
def test_a_student_that_reads_all_electrodes_is_refused(make_run):
    with pytest.raises(ConfigError, match=r"needs the entry 'eeg' at test time, but deploy is \('eeg/oz',\)"):
        make_run("student.key=eeg").train()
