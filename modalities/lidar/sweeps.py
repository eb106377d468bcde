"""Earlier sweeps of a moving LiDAR brought into the frame of the present one, as nuScenes and others aggregate them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xmodal.data.sample import Label, Rows, Sample, moment_of
from xmodal.data.transforms import EntryTransform, rows_of, set_entry
from xmodal.errors import ConfigError, DataError


class MergeSweeps(EntryTransform):
    """Puts the points of "lidar@-1", "lidar@-2", ... into "lidar" and drops those entries.

    What stands still lies in one place afterwards; what moves leaves a trail. One column is added: the moment of the
    point (0, -1, ...). Needs `Sample.poses` of every sweep, so it comes before transforms that move the cloud. A
    sweep that a sample lacks is passed over. Links and dense labels of the earlier points are kept where the sample
    has them, and are "not seen" and "ignore" elsewhere.

    Args:
        sweeps: how many earlier sweeps at most, >= 1.
        key: the present sweep.
    """

    def __init__(self, sweeps: int = 1, key: str = "lidar") -> None:
        super().__init__(key)
        if sweeps < 1 or "@" in key:
            raise ConfigError(f"MergeSweeps: expected sweeps >= 1 and the key of the present, found {sweeps}, {key!r}")
        self.sweeps = sweeps

    fields = ("merged",)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        names = [f"{self.key}@-{n}" for n in range(1, self.sweeps + 1)]
        return {"merged": [name for name in names if name in sample.entries]}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        merged = list(params["merged"])
        counts = [len(rows_of(sample, key)) for key in (self.key, *merged)]
        clouds = [self._dated(sample, self.key), *(self._dated(sample, key) for key in merged)]
        if len({cloud.shape[1] for cloud in clouds}) > 1:
            found = ", ".join(str(cloud.shape[1] - 1) for cloud in clouds)
            raise DataError(f"sweeps of {self.key!r} in {sample.key!r}", expected="the same columns", found=found)
        targets = dict.fromkeys(b for a, b in sample.links if a in (self.key, *merged) and b not in merged)
        links = {ab: rows for ab, rows in sample.links.items() if not {*ab} & {self.key, *merged}}
        for b in targets:
            parts = [sample.links.get((a, b)) for a in (self.key, *merged)]
            links[self.key, b] = _joined(parts, counts, float("nan"))
        labels = {task: self._labels(label, merged, counts) for task, label in sample.labels.items()}
        sample = set_entry(sample, self.key, Rows(torch.cat(clouds)))
        return replace(
            sample,
            entries={k: v for k, v in sample.entries.items() if k not in merged},
            links=links,
            labels=labels,
            poses={k: v for k, v in sample.poses.items() if k not in merged},
        )

    def _dated(self, sample: Sample, key: str) -> Tensor:
        """[P, F + 1]: the sweep in the present frame, with its moment as the last column."""
        points = rows_of(sample, key)
        moved = points.clone()
        if key != self.key:
            there = torch.linalg.inv(self._pose(sample, self.key)) @ self._pose(sample, key)
            moved[:, :3] = (points[:, :3].double() @ there[:3, :3].T + there[:3, 3]).to(points.dtype)
        return torch.cat([moved, points.new_full((len(points), 1), float(moment_of(key)))], 1)

    @staticmethod
    def _pose(sample: Sample, key: str) -> Tensor:
        pose = sample.poses.get(key)
        if pose is None:
            where = f"pose of entry {key!r} in sample {sample.key!r}"
            raise DataError(where, expected="a [4, 4] matrix, before any transform moved the cloud", found="none")
        if pose.shape != (4, 4) or not pose.isfinite().all():
            where = f"pose of entry {key!r} in sample {sample.key!r}"
            raise DataError(where, expected="a finite [4, 4] matrix", found=f"shape {list(pose.shape)}")
        return pose.double()

    def _labels(self, label: Label, merged: list[str], counts: list[int]) -> Label:
        if not isinstance(label, Mapping) or self.key not in label:
            return label
        parts = [label.get(key) for key in (self.key, *merged)]
        own = label[self.key]
        assert isinstance(own, Rows)
        unknown = float("nan") if own.values.is_floating_point() else -1
        rest = {key: dense for key, dense in label.items() if key not in merged}
        return {**rest, self.key: _joined(parts, counts, unknown)}


def _joined(parts: list[Any], counts: list[int], fill: float) -> Rows:
    """The rows of each part one after the other; `fill` for a part that is not there."""
    like = next(part.values for part in parts if part is not None)
    return Rows(
        torch.cat(
            [
                part.values if part is not None else like.new_full((count, *like.shape[1:]), fill)
                for part, count in zip(parts, counts, strict=True)
            ]
        )
    )
