"""A benchmark: splits that leak nothing, the tasks, and the field's metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.tasks import Task

Samples = Sequence[Sample]


def key_of(samples: Samples, position: int) -> str:
    """The key of a sample; without reading it where the data set has a method `key_of`."""
    known = getattr(samples, "key_of", None)
    key: str = known(position) if known else samples[position].key
    return key


def data_folder(benchmark: str, root: str, example: str, source: str) -> Path:
    """The folder that a user gave for a benchmark on real files.

    Args:
        example: its usual name; source: where to get the data.

    Raises:
        ConfigError: none was given; says how to give it.
    """
    if not root:
        raise ConfigError(
            f"{benchmark}: give the folder of the data: --set benchmark.root=PATH/TO/{example} ({source})"
        )
    return Path(root)


@dataclass(frozen=True, slots=True)
class Split:
    """One training and test partition.

    Attributes:
        name: unique in its benchmark ("fold0").
        group: splits of one group are scored together (the folds of a cross-validation).
        train: labelled and unlabelled samples (a sample is labelled for a task when `labels` has it).
        val: for choosing learning rates and the like; never part of train or test.
        test: touched by evaluation alone.
        labelled: positions in `train` of the samples with labels.
        keys: the entries of each training sample, where some lack a sensor; None where all have all.
        teacher_labelled: positions in `train` of the samples whose labels the teachers train on, where their sensor
            was annotated more widely than the student's; None for the same as `labelled`.
        identity: of each training sample, a number that samples of one place (person, object) share; None where there
            is nothing of the kind. `schedule.instances` draws such samples side by side.
    """

    name: str
    train: Samples
    val: Samples
    test: Samples
    labelled: Sequence[int]
    group: str = "all"
    keys: Sequence[frozenset[str]] | None = None
    teacher_labelled: Sequence[int] | None = None
    identity: Sequence[int] | None = None

    def having(self, keys: Iterable[str], positions: Iterable[int] | None = None) -> list[int]:
        """Positions in `train` (all, or those given) of the samples that have all of these entries."""
        needed = frozenset(keys)
        chosen = range(len(self.train)) if positions is None else positions
        return [i for i in chosen if self.keys is None or needed <= self.keys[i]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A fixed grid of cells over an entry on which a dense task is scored, whatever a model's own tokens are.

    Attributes:
        key: of the labels that it is scored against.
        shape: (rows, columns).
        where: [cells, k] their places in `frame`, where models of any sensor know the places of their tokens in it.
    """

    key: str
    shape: tuple[int, int]
    where: Tensor | None = None
    frame: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a user should know of a data set before using it."""

    summary: str
    licence: str
    source: str
    published: Mapping[str, float] = field(default_factory=dict)


class Benchmark:
    """Base of all benchmarks.

    Attributes:
        tasks: by name; the first one gives the headline metric.
        card: licence, origin, published scores.
        grids: by task, where it is scored on a fixed grid.
    """

    tasks: Mapping[str, Task]
    card: Card
    grids: Mapping[str, Grid] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        """The partitions. Deterministic; the seed may only choose which training samples are labelled."""
        raise NotImplementedError

    @property
    def headline(self) -> tuple[str, str]:
        """(task, metric) that tables show first."""
        name, task = next(iter(self.tasks.items()))
        return name, task.metric

    def sample(self, index: int) -> Sample:
        """One sample to look at (`xmodal inspect`)."""
        return self.splits(0)[0].train[index]

    def __len__(self) -> int:
        """How many samples `sample` can show."""
        return len(self.splits(0)[0].train)
