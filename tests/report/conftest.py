"""Results and run folders made by hand."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

Scores = Mapping[str, Sequence[float]]
Result = dict[str, Any]

SCORES = {
    "teacher": [0.60, 0.62, 0.61],
    "distilled": [0.50, 0.53, 0.52],
    "student": [0.40, 0.42, 0.44],
    "shuffled": [0.41, 0.40, 0.43],
    "self": [0.43, 0.44, 0.42],
}
"""By arm, out of order on purpose."""


def _result(scores: Scores = SCORES, *, greater_is_better: bool = True, splits: int = 1) -> Result:
    """One group; split k of an arm scores k hundredths above the pooled score."""
    seeds = list(range(len(next(iter(scores.values()), []))))
    table = {
        arm: {
            "metrics": [{"semantics": {"mIoU": v, "IoU road": v + 0.1, "accuracy": v + 0.2}} for v in values],
            "splits": {f"fold{k}": [v + 0.01 * k for v in values] for k in range(splits)},
        }
        for arm, values in scores.items()
    }
    return {
        "benchmark": "street",
        "task": "semantics",
        "metric": "mIoU",
        "greater_is_better": greater_is_better,
        "arms": {arm: list(values) for arm, values in scores.items()},
        "groups": {"all": table},
        "seeds": seeds,
        "versions": {"torch": "2.14.1"},
        "seconds": 3725.0,
        "seconds_by_arm": dict.fromkeys(scores, 12.0),
    }


@pytest.fixture
def result() -> Callable[..., Result]:
    return _result


@pytest.fixture
def run_folder(tmp_path: Path) -> Callable[[Result], Path]:
    """Writes a run folder with a config and a log around a result."""

    def write(content: Result) -> Path:
        folder = tmp_path / "lidar_to_rgb"
        folder.mkdir()
        (folder / "result.json").write_text(json.dumps(content))
        (folder / "config.py").write_text('"""LiDAR to RGB."""\nstudent = dict(type="image")\n')
        nodes = {"benchmark": {"type": "a.b.Street", "labelled": 40}, "student": {"type": "image.timm", "name": "atto"}}
        (folder / "config.json").write_text(json.dumps({**nodes, "deploy": ["image/front"], "schedule": {"steps": 7}}))
        (folder / "overrides.json").write_text('["schedule.steps=7"]')
        rows = [
            {"seed": 0, "split": "fold0", "arm": arm, "step": step, "loss": 1 / step, "task/semantics": 2 / step}
            | {"learning_rate": 1e-3, "data_wait": 0.1}
            for arm in content["arms"]
            for step in (1, 2, 3)
        ]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder

    return write
