"""The recipe of this benchmark trains every arm end to end; a few steps on a made-up data set."""

import pytest
from rich.console import Console

from xmodal.engine.config import find, read
from xmodal.engine.log import Log
from xmodal.engine.run import Run
from xmodal.errors import ConfigError

RECIPE = "image_to_audio_digits"


def test_image_to_audio_trains_every_arm_over_the_folds(av_root, tmp_path):
    overrides = (
        f"benchmark.root={str(av_root)!r}", "benchmark.labelled=10", "benchmark.speakers=('anna', 'cleo')",
        "schedule.steps=2", "schedule.labelled=4", "schedule.paired=4", "teacher_schedule={'steps': 2}",
    )  # fmt: skip
    config, folder = read(find(RECIPE), overrides), tmp_path / "run"
    result = Run(folder, config, find(RECIPE), Log(folder, Console(quiet=True)), overrides=overrides).train()
    assert list(result["arms"]) == ["teacher", "student", "self", "shuffled", "distilled"]
    assert list(result["groups"]) == ["10 labels"]
    assert result["samples"]["labels10-anna"] == {"train": 30, "labelled": 10, "val": 30, "test": 30}
    assert (folder / "student.safetensors").is_file()


def test_without_a_folder_the_recipe_says_where_to_get_the_data(tmp_path):
    config = read(find(RECIPE))
    with pytest.raises(ConfigError, match=r"benchmark\.root=PATH/TO/av-mnist"):
        Run(tmp_path / "run", config, find(RECIPE), Log(tmp_path / "run", Console(quiet=True)))
    assert not (tmp_path / "run").exists()
