"""A config of the toy benchmark, and a run of it."""

from pathlib import Path

import pytest
from rich.console import Console

from xmodal.engine.config import read
from xmodal.engine.log import Log
from xmodal.engine.run import Run

CONFIG = '''"""A toy run."""
from engine.toy_benchmark import Toy
from xmodal.balance import FixedWeights
from xmodal.distillers import Privileged
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import HorizontalFlip
from xmodal.modalities.lidar import PointEncoder

benchmark = dict(type=Toy)
deploy = ("image",)
student = dict(type=TimmImage, backbone="test_resnet")
teachers = dict(teacher=dict(type=PointEncoder, width=16, depth=2))
distillers = dict(soft=dict(type=Privileged, task="kind"))
balance = dict(type=FixedWeights, weights=dict(soft=1.0))
transforms = [dict(type=HorizontalFlip)]
schedule = dict(steps=6, labelled=4, paired=4, checkpoint_every=2, log_every=2)
precision = "fp32"
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "toy.py"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def make_run(source, tmp_path):
    """make_run(name, *overrides, resume=False) -> a Run in its own folder."""

    def make(name: str, *overrides: str, resume: bool = False) -> Run:
        config = read(source, overrides)
        folder = tmp_path / name
        log = Log(folder, Console(quiet=True))
        return Run(folder, config, source, log, overrides=overrides, resume=resume)

    return make
