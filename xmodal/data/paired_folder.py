"""A stranger's folder as a benchmark: `manifest.csv` and the files it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xmodal.data.benchmark import Benchmark, Card, Split
from xmodal.data.label_task import Parse, label_task
from xmodal.data.manifest import PARTS, Row, read_manifest
from xmodal.data.pose import read_pose
from xmodal.data.reader import Read, reader_of
from xmodal.data.sample import Sample
from xmodal.data.transforms import Transform
from xmodal.errors import DataError
from xmodal.tasks import Classification

LABELS = "manifest.csv: column 'label'"


class PairedFolder(Benchmark):
    """`ROOT/manifest.csv` with columns key, one a modality (its name is the entry's key), label, split.

    A modality column is named like an installed modality ("image", "lidar") or one of several sensors of a kind
    ("image/front"); its cells are paths relative to the manifest, empty where the sensor was missing. An empty label
    makes the row an unlabelled pair. split is train, val or test. Earlier moments are columns too ("lidar@-1"), and a
    column "pose:lidar@-1" names text files with the sensor's pose (`xmodal.data.pose`), which `MergeSweeps` needs.

    Args:
        root: the folder.
        kind: "classification" (labels are names) or "regression" (labels are numbers, in `unit`).
        unit: of the numbers, for tables.
        transforms: applied to every sample that is read, training or not (a Resize, say).
    """

    card = Card(summary="your own paired files", licence="yours", source="manifest.csv")

    def __init__(
        self, root: str, kind: str = "classification", unit: str = "", transforms: Sequence[Transform] = ()
    ) -> None:
        self.root = Path(root)
        self.rows = read_manifest(self.root / "manifest.csv")
        self.transforms = tuple(transforms)
        columns = {key for row in self.rows for key in row.files}
        self.readers = {key: reader_of(key, f"manifest.csv: column {key!r}") for key in sorted(columns)}
        known = [(row.label, LABELS) for row in self.rows if row.split == "train" and row.label]
        parse, task = label_task(kind, unit, known, LABELS)
        self._check_labels(parse)
        self.tasks = {"label": task}
        meta = {"classes": {"label": task.classes}} if isinstance(task, Classification) else {}
        self.parts = {
            part: Folder(
                self.root, [r for r in self.rows if r.split == part], self.readers, parse, self.transforms, meta
            )
            for part in PARTS
        }
        for part in ("train", "test"):
            if not len(self.parts[part]):
                raise DataError(self.root / "manifest.csv", expected=f"rows with split {part}", found="none")

    def _check_labels(self, parse: Parse) -> None:
        """Before anything trains: every label reads, and what is scored has one."""
        for row in self.rows:
            if row.label:
                parse(row.label, LABELS)
            elif row.split != "train":
                where = f"{self.root / 'manifest.csv'}: key {row.key!r}, column 'label'"
                raise DataError(where, expected=f"a label, since the split is {row.split}", found="nothing")

    def splits(self, seed: int) -> Sequence[Split]:
        train = self.parts["train"]
        labelled = [i for i, row in enumerate(train.rows) if row.label]
        if not labelled:
            raise DataError(self.root / "manifest.csv", expected="labels in the train split", found="none")
        keys = [frozenset(row.files) for row in train.rows]
        return (Split("folder", train, self.parts["val"], self.parts["test"], labelled, keys=keys),)


class Folder(Sequence[Sample]):
    """The samples of some rows; files are read when a sample is asked for."""

    def __init__(
        self,
        root: Path,
        rows: list[Row],
        readers: dict[str, Read],
        parse: Parse,
        transforms: Sequence[Transform],
        meta: Mapping[str, Any],
    ) -> None:
        self.root, self.rows, self.readers, self.parse, self.transforms = root, rows, readers, parse, transforms
        self.meta = meta

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        row = self.rows[index]
        entries = {key: self.readers[key](self.root / file) for key, file in row.files.items()}
        labels = {"label": self.parse(row.label, LABELS)} if row.label else {}
        poses = {key: read_pose(self.root / file) for key, file in row.poses.items()}
        sample = Sample(row.key, entries, labels=labels, meta=self.meta, poses=poses)
        for transform in self.transforms:
            sample, _ = transform(sample)
        return sample

    def key_of(self, index: int) -> str:
        """The key of a sample, without reading its files."""
        return self.rows[index].key
