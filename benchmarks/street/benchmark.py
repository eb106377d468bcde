"""The embedded benchmark `street`: sensors of one simulated world, semantic segmentation of image patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from xmodal.benchmarks.street.sample import SENSORS, to_sample
from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CLASSES, PATCH_PX, StreetSpec
from xmodal.data.benchmark import Benchmark, Card, Grid, Split
from xmodal.data.making import make_all
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, unknown
from xmodal.tasks import DenseRegression, Segmentation, Task

VAL_FROM, TEST_FROM = 1_000_000, 2_000_000
"""Scene numbers of the parts; a scene is made from its number, so parts with other numbers share nothing."""


class Street(Benchmark):
    """Camera, LiDAR, and on demand radar and thermal camera, on the same simulated geometry, with exact labels.

    Nothing is downloaded.

    Task: one class for each 8 x 8 px patch, scored as mIoU over patches that hold a return of the noise-free scan;
    sky is ignored. Second task: the depth of those patches in metres.

    Args:
        scenes: training scenes; labelled: how many of them have labels (drawn by the run's seed).
        val, test: scenes for choosing and for scoring.
        seed: of the world.
        workers: processes that make the scenes.
        sensors: the entries of a sample, out of "image", "lidar", "radar" and "raster/thermal". The image must be one
            of them: it is what the tasks are scored on.
        tasks: which of the two, the one that tables show first.
    """

    card = Card(
        summary="simulated street: camera 64 x 192 px, LiDAR with 32 beams, 9 classes, four lighting conditions",
        licence="Apache-2.0 (part of xmodal)",
        source="made on the fly",
    )

    def __init__(
        self,
        scenes: int = 600,
        labelled: int = 60,
        val: int = 60,
        test: int = 150,
        seed: int = 0,
        workers: int = 2,
        sensors: Sequence[str] = ("image", "lidar"),
        tasks: Sequence[str] = ("segmentation", "depth"),
    ) -> None:
        if not 0 < labelled <= scenes:
            raise ConfigError(f"street: labelled must lie in 1..scenes = {scenes}, found {labelled}")
        if test < 1 or val < 0:
            raise ConfigError(f"street: expected test >= 1 and val >= 0, found {test} and {val}")
        for sensor in sensors:
            if sensor not in SENSORS:
                raise unknown("sensor of street", sensor, SENSORS)
        if "image" not in sensors:
            raise ConfigError(f"street: expected 'image' among the sensors, found {tuple(sensors)}")
        self.sensors = tuple(sensors)
        self.sizes = {"train": scenes, "val": val, "test": test}
        self.labelled, self.seed, self.workers = labelled, seed, workers
        self.spec = StreetSpec()
        known: dict[str, Task] = {
            "segmentation": Segmentation(CLASSES),
            "depth": DenseRegression("m", offset=15.0, scale=10.0),
        }
        for task in tasks:
            if task not in known:
                raise unknown("task of street", task, known)
        if not tasks:
            raise ConfigError("street: expected at least one of its tasks, found none")
        self.tasks = {task: known[task] for task in tasks}
        rows, columns = self.spec.image_px[0] // PATCH_PX, self.spec.image_px[1] // PATCH_PX
        grid = Grid("image", (rows, columns))
        self.grids = dict.fromkeys(self.tasks, grid)
        self._parts: dict[str, list[Sample]] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        train = self._part("train")
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).tolist()
        labelled = sorted(order[: self.labelled])
        return (Split("street", train, self._part("val"), self._part("test"), labelled),)

    def sample(self, index: int) -> Sample:
        return to_sample(make_scene(self.seed, index, self.spec, self.sensors), index, self.sensors)

    def __len__(self) -> int:
        return self.sizes["train"]

    def _part(self, name: str) -> list[Sample]:
        if name not in self._parts:
            first = {"train": 0, "val": VAL_FROM, "test": TEST_FROM}[name]
            jobs = [_Job(self.seed, first + i, self.sensors, name != "train") for i in range(self.sizes[name])]
            self._parts[name] = self._made(jobs)
        return self._parts[name]

    def _made(self, jobs: list[_Job]) -> list[Sample]:
        scenes = make_all(_scene, jobs, workers=self.workers, chunk=16)
        return [_sample(job, scene) for job, scene in zip(jobs, scenes, strict=True)]


class _Job(NamedTuple):
    seed: int
    number: int
    sensors: tuple[str, ...]
    scored: bool


def _scene(job: _Job) -> Scene:
    return make_scene(job.seed, job.number, sensors=job.sensors)


def _sample(job: _Job, scene: Scene) -> Sample:
    return to_sample(scene, job.number, job.sensors, scored=job.scored)
