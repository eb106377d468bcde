"""Batches as a pure function of the step, so that a resumed run sees the very batches of an uninterrupted one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch.utils.data import Dataset

from xmodal.data.batch import Batch, collate
from xmodal.data.benchmark import Samples
from xmodal.data.loading import in_order
from xmodal.data.sample import Sample
from xmodal.data.transforms import Compose, Params, Transform
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError
from xmodal.store.batches import recorded_generator

Recorded = Callable[[str, int], Params | None]
"""(key of a sample, number of its augmentation) -> what the transforms drew for it."""


@lru_cache(maxsize=64)
def _permutation(size: int, seed: int) -> list[int]:
    order: list[int] = torch.randperm(size, generator=torch.Generator().manual_seed(seed)).tolist()
    return order


def draw(size: int, count: int, step: int, seed: int) -> list[int]:
    """`count` positions of a pool for one step: the pool is gone through in a new order each time round."""
    start = step * count
    return [_permutation(size, seed * 1_000_003 + i // size)[i % size] for i in range(start, start + count)]


class Instances:
    """A pool whose members of one identity are drawn `instances` side by side, in a new mixture each time round.

    Args:
        positions: the pool; identity: of each of them.
    """

    def __init__(self, positions: Sequence[int], identity: Sequence[int], instances: int) -> None:
        members: dict[int, list[int]] = {}
        for position, number in zip(positions, identity, strict=True):
            members.setdefault(number, []).append(position)
        self.members, self.size, self.instances = list(members.values()), len(positions), instances
        self.mixed: tuple[int | None, list[int]] = (None, [])

    def draw(self, count: int, step: int, seed: int) -> list[int]:
        """The members for one step, a function of its arguments alone."""
        start = step * count
        return [self._mixture(seed * 1_000_003 + i // self.size)[i % self.size] for i in range(start, start + count)]

    def _mixture(self, seed: int) -> list[int]:
        """All members once: each identity's in random order, cut into runs, the runs in random order."""
        if self.mixed[0] != seed:
            generator = torch.Generator().manual_seed(seed)
            runs = []
            for members in self.members:
                order = [members[i] for i in torch.randperm(len(members), generator=generator).tolist()]
                runs += [order[i : i + self.instances] for i in range(0, len(order), self.instances)]
            shuffled = torch.randperm(len(runs), generator=generator).tolist()
            self.mixed = seed, [position for i in shuffled for position in runs[i]]
        return self.mixed[1]


class Steps(Dataset[Batch]):
    """Item i is batch i: labelled samples first, then further samples with labels hidden.

    A step of the optimiser takes one of them, or `schedule.accumulate`.

    The labelled part is the same for every arm of a seed; `paired` only adds to it.

    Args:
        labelled, pairs: positions in `samples` to draw the two parts from.
        identity: of each sample, where `schedule.instances` of one kind shall lie side by side.
        recorded: what was drawn for a sample's augmentation, where a store holds it; None draws it again.
    """

    def __init__(
        self,
        samples: Samples,
        labelled: Sequence[int],
        pairs: Sequence[int],
        schedule: Schedule,
        transforms: Sequence[Transform],
        seed: int,
        identity: Sequence[int] | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        self.instances: Instances | None = None
        if schedule.instances > 1:
            if identity is None:
                raise ConfigError("schedule.instances: this benchmark does not say which samples show the same thing")
            self.instances = Instances(labelled, [identity[i] for i in labelled], schedule.instances)
        self.samples, self.labelled, self.pairs, self.schedule = samples, list(labelled), list(pairs), schedule
        self.transforms, self.seed, self.recorded = transforms, seed, recorded

    def __len__(self) -> int:
        return self.schedule.steps * self.schedule.accumulate

    def __getitem__(self, step: int) -> Batch:
        plan = self.schedule
        first = self._labelled(step)
        rest = [self.pairs[i] for i in draw(len(self.pairs), plan.paired, step, self.seed + 7919)]
        chosen = [self.samples[i] for i in first] + [replace(self.samples[i], labels={}) for i in rest]
        views = [self._view(step, slot) for slot in range(len(chosen))] if plan.views else None
        seen = [self._transformed(s, step, slot, views) for slot, s in enumerate(chosen)]
        return collate(seen, first + rest, views)

    def _labelled(self, step: int) -> list[int]:
        count = self.schedule.labelled
        if self.instances is not None:
            return self.instances.draw(count, step, self.seed)
        return [self.labelled[i] for i in draw(len(self.labelled), count, step, self.seed)]

    def _generator(self, step: int, slot: int) -> torch.Generator:
        return torch.Generator().manual_seed((self.seed * 1_000_003 + step) * 4_099 + slot)

    def _view(self, step: int, slot: int) -> int:
        """Which of its recorded augmentations the sample in this place shows."""
        return int(torch.randint(self.schedule.views, (), generator=self._generator(step, slot)))

    def _transformed(self, sample: Sample, step: int, slot: int, views: Sequence[int] | None) -> Sample:
        if not self.transforms:
            return sample
        drawn = self.recorded(sample.key, views[slot]) if self.recorded and views else None
        if drawn is not None:
            return Compose(self.transforms)(sample, drawn)[0]
        generator = recorded_generator(sample.key, views[slot]) if views else self._generator(step, slot)
        return Compose(self.transforms)(sample, generator=generator)[0]


def stream(steps: Steps, start: int) -> Iterator[Batch]:
    """The batches from step `start` on."""
    workers, pinned = steps.schedule.workers, torch.cuda.is_available()
    return in_order(steps, range(start, len(steps)), workers=workers, pinned=pinned)
