"""Tar files of samples, as webdataset writes them, as a benchmark: local or piped, one tar or one a modality."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from xmodal.data.benchmark import Benchmark, Card, Split
from xmodal.data.label_task import label_task
from xmodal.data.manifest import PARTS, POSE
from xmodal.data.reader import reader_of
from xmodal.data.shard_names import PIPE, Names, shard_names
from xmodal.data.spool import spooled
from xmodal.data.tar_index import Index, index_tar
from xmodal.data.tar_label import TarLabel
from xmodal.data.tar_rows import LABEL, TarRow, join
from xmodal.data.tar_samples import Form, TarSamples
from xmodal.data.transforms import Transform
from xmodal.errors import ConfigError, DataError
from xmodal.tasks import Classification

Shards = Names | Mapping[str, Names]
"""One list for all modalities, or by entry (and "label") a list of their own."""
_COLUMN = re.compile(r"[\w-]+(\.[\w-]+)*")


class TarShards(Benchmark):
    """Samples from uncompressed tars whose members are named KEY.SUFFIX (`xmodal.data.tar_index` says how they group).

    A shard is a path, relative to `root`, or "pipe:COMMAND": the command runs once, in the shell with `root` as its
    folder, and its output is kept. Braces stand for several shards: "train-{000..009}.tar", "pipe:curl -fsS URL/{a,b}".
    Samples stand in the order of their keys, so that batches do not depend on how they were packed. A key may occur
    once only, over train, val and test together.

    Args:
        root: the folder.
        train, test, val: a list of shards that hold all modalities; or, by entry and for "label", the list of its
            own. Keys are then compared.
        entries: by entry ("image", "lidar", "image/front") the suffix of its files ("jpg", "bin", "seg.png").
        label: the suffix of the text that is the label ("cls"), or a field of JSON ("json:species"). A sample
            without one is an unlabelled pair.
        kind: "classification" (labels are names) or "regression" (labels are numbers, in `unit`).
        unit: of the numbers, for tables.
        poses: by entry the suffix of text files with the sensor's pose (`xmodal.data.pose`), which `MergeSweeps` needs;
            where each modality has tars of its own, those of poses are named "pose:lidar" there.
        missing: "error", or "allow" for samples that lack a sensor.
        spool: the folder for the output of commands; "" for ROOT/.spool.
        transforms: applied to every sample that is read, training or not (a Resize, say).

    Raises:
        ConfigError: arguments that do not fit each other.
        DataError: a tar, a member, a key or a label at fault. All headers and labels are read here, nothing else.
    """

    card = Card(summary="your own paired files in tars", licence="yours", source="webdataset tars")

    def __init__(
        self,
        root: str,
        *,
        train: Shards,
        test: Shards,
        entries: Mapping[str, str],
        label: str,
        val: Shards = (),
        kind: str = "classification",
        unit: str = "",
        poses: Mapping[str, str] | None = None,
        missing: str = "error",
        spool: str = "",
        transforms: Sequence[Transform] = (),
    ) -> None:
        if missing not in ("error", "allow"):
            raise ConfigError(f"missing: expected 'error' or 'allow', found {missing!r}")
        self.root = Path(root)
        self.spool = Path(spool) if spool else self.root / ".spool"
        stated = TarLabel.of(label)
        for key in poses or ():
            if key not in entries:
                raise ConfigError(f"poses: expected entries among {', '.join(entries)}, found {key!r}")
        placed = {POSE + key: column for key, column in (poses or {}).items()}
        columns = _columns(entries, placed, stated)
        readers = {key: reader_of(key, f"entries: {key!r}") for key in entries}
        self.rows = self._rows({"train": train, "val": val, "test": test}, columns, missing)
        labels = {part: [stated.read(row.label) if row.label else "" for row in self.rows[part]] for part in PARTS}
        known = [(text, row.label_at) for text, row in zip(labels["train"], self.rows["train"], strict=True) if text]
        if not known:
            raise DataError(f"train: label {label!r}", expected="labelled samples", found="none")
        parse, task = label_task(kind, unit, known, f"train: label {label!r}")
        self.tasks = {LABEL: task}
        meta = {"classes": {LABEL: task.classes}} if isinstance(task, Classification) else {}
        read = {key: columns[key] for key in entries}
        form = Form(read, readers, parse, tuple(transforms), meta, {key: columns[key] for key in placed})
        self.parts = {part: TarSamples(self.rows[part], labels[part], form) for part in PARTS}
        for part in ("val", "test"):
            _check_scored(part, self.parts[part])

    def _rows(self, given: Mapping[str, Shards], columns: Mapping[str, str], missing: str) -> dict[str, list[TarRow]]:
        """The samples of each part; a tar that several lists name is gone through once."""
        indices: dict[str, Index] = {}

        def index(name: str) -> Index:
            if name not in indices:
                indices[name] = self._index(name)
            return indices[name]

        rows: dict[str, list[TarRow]] = {}
        owner: dict[str, str] = {}
        for part, shards in given.items():
            sources = _sources(part, shards, columns, missing)
            rows[part] = join(part, sources, columns, index, missing=missing)
            if not rows[part] and part != "val":
                tars = {name for names in sources.values() for name in names}
                found = sorted({column for name in tars for members in index(name).values() for column in members})
                raise DataError(f"{part}: shards", expected=f"members with {columns}", found=f"only {found[:20]}")
            for row in rows[part]:
                if owner.setdefault(row.key, part) != part:
                    found_in = f"it in {owner[row.key]} and in {part}"
                    raise DataError(f"key {row.key!r}", expected="each key in one of train, val, test", found=found_in)
        return rows

    def _index(self, name: str) -> Index:
        if name.startswith(PIPE):
            return spooled(name.removeprefix(PIPE), self.spool, self.root, index_tar)
        return index_tar(self.root / name)

    def splits(self, seed: int) -> Sequence[Split]:
        train = self.parts["train"]
        labelled = [i for i, text in enumerate(train.labels) if text]
        keys = [frozenset(row.members) for row in train.rows]
        return (Split("shards", train, self.parts["val"], self.parts["test"], labelled, keys=keys),)


def _columns(entries: Mapping[str, str], poses: Mapping[str, str], label: TarLabel) -> dict[str, str]:
    """The suffixes by entry, pose and for the label in lower case, checked: they become the ends of file names."""
    if not isinstance(entries, Mapping) or not entries or LABEL in entries:
        raise ConfigError(f"entries: expected suffixes such as {{'image': 'jpg', 'lidar': 'bin'}}, found {entries!r}")
    columns = {**entries, **poses, LABEL: label.column}
    for key, column in columns.items():
        if not isinstance(column, str) or not _COLUMN.fullmatch(column):
            raise ConfigError(f"entries: {key!r}: expected a suffix such as 'jpg' or 'seg.png', found {column!r}")
    return {key: column.lower() for key, column in columns.items()}


def _sources(part: str, shards: Shards, columns: Mapping[str, str], missing: str) -> dict[str, tuple[str, ...]]:
    """The shards of each entry and of the label."""
    if not isinstance(shards, Mapping):
        names = shard_names(shards, part)
        if not names and part != "val":
            raise ConfigError(f"{part}: expected shards, found none")
        _check_distinct(part, columns)
        return dict.fromkeys(columns, names)
    needed = set(columns) if missing == "error" else {LABEL}
    if not needed <= set(shards) <= set(columns):
        expected = f"shards of {', '.join(columns)}"
        raise ConfigError(f"{part}: expected {expected}, found those of {', '.join(shards) or 'none'}")
    return {source: shard_names(names, f"{part}.{source}") for source, names in shards.items()}


def _check_distinct(part: str, columns: Mapping[str, str]) -> None:
    owner: dict[str, str] = {}
    for entry, column in columns.items():
        if entry != LABEL and owner.setdefault(column, entry) != entry:
            found = f".{column} for {owner[column]!r} and for {entry!r}"
            raise ConfigError(f"{part}: expected a suffix for each entry of the same tars, found {found}")


def _check_scored(part: str, samples: TarSamples) -> None:
    """What is scored has a label, and all of them read."""
    for row, text in zip(samples.rows, samples.labels, strict=True):
        if not text:
            raise DataError(f"{part}: key {row.key!r}", expected="a label, since it is scored", found="none")
        samples.form.parse(text, row.label_at)
