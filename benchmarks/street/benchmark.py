"""The embedded benchmark `street`: LiDAR and camera of one simulated world, semantic segmentation of image patches."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch

from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CLASSES, PATCH_PX, StreetSpec
from xmodal.data.benchmark import Benchmark, Card, Grid, Split
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError
from xmodal.tasks import DenseRegression, Segmentation

VAL_FROM, TEST_FROM = 1_000_000, 2_000_000
"""Scene numbers of the parts; a scene is made from its number, so parts with other numbers share nothing."""


class Street(Benchmark):
    """Camera and LiDAR on the same simulated geometry, with exact labels. Nothing is downloaded.

    Task: one class for each 8 x 8 px patch, scored as mIoU over patches that hold a return of the noise-free scan;
    sky is ignored. Second task: the depth of those patches in metres.

    Args:
        scenes: training scenes; labelled: how many of them have labels (drawn by the run's seed).
        val, test: scenes for choosing and for scoring.
        seed: of the world.
        workers: processes that make the scenes.
    """

    card = Card(
        summary="simulated street: camera 64 x 192 px, LiDAR with 32 beams, 9 classes, four lighting conditions",
        licence="Apache-2.0 (part of xmodal)",
        source="made on the fly",
    )

    def __init__(
        self, scenes: int = 600, labelled: int = 60, val: int = 60, test: int = 150, seed: int = 0, workers: int = 2
    ) -> None:
        if not 0 < labelled <= scenes:
            raise ConfigError(f"street: labelled must lie in 1..scenes = {scenes}, found {labelled}")
        if test < 1 or val < 0:
            raise ConfigError(f"street: expected test >= 1 and val >= 0, found {test} and {val}")
        self.sizes = {"train": scenes, "val": val, "test": test}
        self.labelled, self.seed, self.workers = labelled, seed, workers
        self.spec = StreetSpec()
        self.tasks = {
            "segmentation": Segmentation(CLASSES),
            "depth": DenseRegression("m", offset=15.0, scale=10.0),
        }
        rows, columns = self.spec.image_px[0] // PATCH_PX, self.spec.image_px[1] // PATCH_PX
        grid = Grid("image", (rows, columns))
        self.grids = {"segmentation": grid, "depth": grid}
        self._parts: dict[str, list[Sample]] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        train = self._part("train")
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).tolist()
        labelled = sorted(order[: self.labelled])
        return (Split("street", train, self._part("val"), self._part("test"), labelled),)

    def sample(self, index: int) -> Sample:
        return to_sample(make_scene(self.seed, index, self.spec), index)

    def __len__(self) -> int:
        return self.sizes["train"]

    def _part(self, name: str) -> list[Sample]:
        if name not in self._parts:
            first = {"train": 0, "val": VAL_FROM, "test": TEST_FROM}[name]
            jobs = [(self.seed, first + i, name != "train") for i in range(self.sizes[name])]
            self._parts[name] = self._made(jobs)
        return self._parts[name]

    def _made(self, jobs: list[tuple[int, int, bool]]) -> list[Sample]:
        if self.workers < 2 or len(jobs) < 50:
            return [_job(job) for job in jobs]
        # A fresh interpreter: forking a process in which torch runs threads can deadlock.
        with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn")) as pool:
            scenes = list(pool.map(_scene, jobs, chunksize=16))
        return [to_sample(scene, job[1], scored=job[2]) for job, scene in zip(jobs, scenes, strict=True)]


def _scene(job: tuple[int, int, bool]) -> Scene:
    return make_scene(job[0], job[1])


def _job(job: tuple[int, int, bool]) -> Sample:
    return to_sample(_scene(job), job[1], scored=job[2])


def to_sample(scene: Scene, number: int, *, scored: bool = False) -> Sample:
    """A scene as a Sample. `scored` keeps labels only in patches that the noise-free scan reaches."""
    pixel_class = torch.from_numpy(scene.pixel_class.astype(np.int64))
    depth = torch.from_numpy(scene.depth_m.astype(np.float32))
    depth = torch.where(depth.isfinite(), depth, float("nan"))
    if scored:
        seen = torch.from_numpy(scene.clean_seen)
        seen = seen.repeat_interleave(PATCH_PX, 0).repeat_interleave(PATCH_PX, 1)
        pixel_class, depth = torch.where(seen, pixel_class, -1), torch.where(seen, depth, float("nan"))
    points = torch.from_numpy(scene.points)
    point_class = torch.from_numpy(scene.point_class.astype(np.int64))
    return Sample(
        key=f"street{number:07d}",
        entries={"image": torch.from_numpy(scene.image), "lidar": Rows(points)},
        links={("lidar", "image"): Rows(torch.from_numpy(scene.uv_px))},
        labels={
            "segmentation": {"image": pixel_class, "lidar": Rows(point_class)},
            "depth": {"image": depth, "lidar": Rows(points[:, 0].clone())},
        },
        meta={"condition": scene.condition, "classes": {"segmentation": CLASSES}},
    )
