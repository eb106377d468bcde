"""The embedded benchmark `street_bev`: which cells of the ground ahead hold a vehicle or a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from xmodal.benchmarks.street.benchmark import TEST_FROM, VAL_FROM
from xmodal.benchmarks.street.bev_map import CLASSES, BevGrid, label_map
from xmodal.benchmarks.street.sample import to_sample as recordings
from xmodal.benchmarks.street.scene import RADAR, Scene, make_scene
from xmodal.benchmarks.street.spec import StreetSpec
from xmodal.data.benchmark import Benchmark, Card, Grid, Split
from xmodal.data.labelled import Labelled, check_labelled, count_of, draw_labelled, group_name, split_name
from xmodal.data.making import make_all
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, unknown
from xmodal.tasks import Segmentation

SENSORS = ("lidar", RADAR, "image")
GRID = BevGrid()
SPEC = StreetSpec(fov_deg=GRID.view_deg, azimuth_step_deg=0.5)
UNSEEN_IMAGE_PX = (16, 48)
"""Of the image that nobody asked for: the fewer pixels, the sooner a scene is made."""


class StreetBEV(Benchmark):
    """The simulated street from above: LiDAR and radar, and on demand the camera. Nothing is downloaded.

    Task "bev": one class, none, vehicle or person, for each cell of 1.5 x 1.5 m, 48 m ahead and 18 m to either side
    (`BevGrid`); mIoU over the cells in the sensors' view of 90 degrees. A cell holds what reaches into it. What the
    LiDAR has no return of has no label. The grid lies in the axes of the LiDAR; the radar stands `RADAR_FORWARD_M`
    ahead, with parallel axes.

    The labels of a scene are the map, under each sensor's key, and "boxes": Rows([M, 7]) in cells (`BOX_COLUMNS`).
    Boxes are labels, not an entry, so that an unlabelled scene does not give them away.

    Args:
        scenes: training scenes; labelled: how many of them have labels, or which share, or several of these.
        val, test: scenes for choosing and for scoring.
        seed: of the world.
        workers: processes that make the scenes.
        sensors: the entries of a sample, out of "lidar", "radar" and "image".
    """

    card = Card(
        summary="simulated street from above, 32 x 24 cells: 4-D radar, LiDAR with 32 beams; vehicles and people",
        licence="Apache-2.0 (part of xmodal)",
        source="made on the fly",
    )

    def __init__(
        self,
        scenes: int = 300,
        labelled: Labelled = 100,
        val: int = 60,
        test: int = 150,
        seed: int = 0,
        workers: int = 2,
        sensors: Sequence[str] = ("lidar", RADAR),
    ) -> None:
        if scenes < 1 or test < 1 or val < 0:
            raise ConfigError(
                f"street_bev: expected scenes and test >= 1, val >= 0, found scenes={scenes}, test={test}, val={val}"
            )
        for sensor in sensors:
            if sensor not in SENSORS:
                raise unknown("sensor of street_bev", sensor, SENSORS)
        if not set(sensors) & {"lidar", RADAR}:
            raise ConfigError(f"street_bev: expected 'lidar' or 'radar' among the sensors, found {tuple(sensors)}")
        self.labelled = check_labelled("street_bev", labelled)
        for amount in self.labelled:
            count_of("street_bev", amount, scenes)
        self.sensors, self.seed, self.workers = tuple(sensors), seed, workers
        self.sizes = {"train": scenes, "val": val, "test": test}
        self.tasks = {"bev": Segmentation(CLASSES)}
        self.grids = {"bev": Grid("bev", GRID.shape, where=GRID.where(), frame="bev_m")}
        self._parts: dict[str, list[Sample]] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        parts = self._part("train"), self._part("val"), self._part("test")
        chosen = {amount: draw_labelled("street_bev", amount, len(parts[0]), seed) for amount in self.labelled}
        return [Split(split_name(amount), *parts, known, group=group_name(amount)) for amount, known in chosen.items()]

    def sample(self, index: int) -> Sample:
        return _sample(_Job(self.seed, index, self.sensors))

    def __len__(self) -> int:
        return self.sizes["train"]

    def _part(self, name: str) -> list[Sample]:
        if name not in self._parts:
            first = {"train": 0, "val": VAL_FROM, "test": TEST_FROM}[name]
            jobs = [_Job(self.seed, first + i, self.sensors) for i in range(self.sizes[name])]
            scenes = make_all(_scene, jobs, workers=self.workers, chunk=16)
            self._parts[name] = [_sample(job, scene) for job, scene in zip(jobs, scenes, strict=True)]
        return self._parts[name]


class _Job(NamedTuple):
    seed: int
    number: int
    sensors: tuple[str, ...]


def _scene(job: _Job) -> Scene:
    pixels = SPEC.image_px if "image" in job.sensors else UNSEEN_IMAGE_PX
    spec = StreetSpec(image_px=pixels, fov_deg=SPEC.fov_deg, azimuth_step_deg=SPEC.azimuth_step_deg)
    return make_scene(job.seed, job.number, spec, job.sensors)


def _sample(job: _Job, scene: Scene | None = None) -> Sample:
    scene = _scene(job) if scene is None else scene
    recorded = recordings(scene, job.number, job.sensors)
    cells = torch.from_numpy(label_map(GRID, scene.objects))
    boxes = GRID.boxes(scene.objects)[scene.objects.returns > 0]
    centre = boxes[:, 1::-1]
    on_map = ((centre >= 0) & (centre < np.array(GRID.shape))).all(axis=1)
    labels: dict[str, Tensor | Rows] = {key: cells.clone() for key in (*job.sensors, "bev") if key != "image"}
    labels["boxes"] = Rows(torch.from_numpy(boxes[on_map]))
    return Sample(
        key=f"streetbev{job.number:07d}",
        entries={key: entry for key, entry in recorded.entries.items() if key in job.sensors},
        links={ends: link for ends, link in recorded.links.items() if set(ends) <= set(job.sensors)},
        labels={"bev": labels},
        meta={"condition": scene.condition, "classes": {"bev": CLASSES}},
    )
