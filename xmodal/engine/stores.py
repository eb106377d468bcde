"""The teacher stores of a run: where they lie, what they must have been made from, how they are written and used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from xmodal.adapter import Model, Need
from xmodal.data.benchmark import Split
from xmodal.data.transforms import Transform
from xmodal.engine.fit import autocast
from xmodal.engine.recall import sees_the_same_each_time
from xmodal.engine.run_config import RunConfig, plain
from xmodal.errors import ConfigError, DataError
from xmodal.store.batches import Items
from xmodal.store.encodings import Form
from xmodal.store.manifest import MANIFEST, described, differences
from xmodal.store.reader import ABSENT, Store
from xmodal.store.stored import StoredTeacher
from xmodal.store.writer import Job

DEFAULT_VIEWS = 10


@dataclass(frozen=True, slots=True)
class Stores:
    """A folder with one store for each seed, split and teacher.

    Attributes:
        folder: of all of them.
        config: the run; device: where teachers compute.
    """

    folder: Path
    config: RunConfig
    device: torch.device

    def place(self, seed: int, split: str, teacher: str) -> Path:
        """Of one teacher, by the name that distillers know it by."""
        return self.folder / f"seed{seed}" / split / teacher

    def job(
        self,
        model: Model,
        need: Need,
        split: Split,
        transforms: Sequence[Transform],
        *,
        forms: Mapping[str, Form],
        workers: int = 0,
    ) -> Job:
        """What writes the store of one teacher."""
        items = self._items(model, split, transforms, self.config.schedule.get("views", 0))
        return Job(
            teacher=model,
            need=need,
            items=items,
            device=self.device,
            autocast=autocast(self.device, self.config.precision),
            made=self._made(model, need, items),
            forms=forms,
            workers=workers,
        )

    def read(
        self, place: Path, model: Model, need: Need, split: Split, transforms: Sequence[Transform]
    ) -> StoredTeacher:
        """A teacher that answers from its store.

        Raises:
            ConfigError: the store was made from something else; says what.
            DataError: it is not there, not finished or damaged.
        """
        store = Store(place)
        views = self.config.schedule.get("views", 0)
        recorded = store.plan["made"]["views"]
        if recorded and recorded != views:
            raise ConfigError(
                f"{place} holds {recorded} recorded augmentations of each sample, and schedule.views is {views}: "
                f"add --set schedule.views={recorded}"
            )
        items = self._items(model, split, transforms, views)
        wanted = self._made(model, need, items)
        wrong = differences(store.plan["made"], wanted)
        if wrong:
            what = ", ".join(wrong)
            raise ConfigError(f"{place} does not fit this run: it differs in {what}; write it again with xmodal cache")
        places = torch.full((len(split.train),), ABSENT)
        places[list(items.positions)] = store.places(items.keys)
        return StoredTeacher(store, model, places)

    def check_recordable(self, model: Model, transforms: Sequence[Transform]) -> None:
        """Raises ConfigError where a teacher sees other augmentations in every step."""
        if not self.config.schedule.get("views", 0) and not sees_the_same_each_time(model, transforms):
            raise ConfigError(
                f"the transforms edit what {type(model.adapter).__name__} sees anew in every step, so that nothing can "
                f"be stored: add --set schedule.views={DEFAULT_VIEWS}"
            )

    def check_there(self, seed: int, splits: Iterable[str], teachers: Iterable[str]) -> None:
        """Raises DataError where no teacher has a finished store: told before anything trains."""
        places = [self.place(seed, split, teacher) for split in splits for teacher in teachers]
        if places and not any((place / MANIFEST).is_file() for place in places):
            expected = "a finished teacher store, as xmodal cache with this config and seed writes"
            raise DataError(places[0], expected=expected, found="none")

    def _items(self, model: Model, split: Split, transforms: Sequence[Transform], views: int) -> Items:
        self.check_recordable(model, transforms)
        same = sees_the_same_each_time(model, transforms)
        return Items.of(split.train, split.having(model.inputs), transforms, 0 if same else views)

    def _made(self, model: Model, need: Need, items: Items) -> Mapping[str, object]:
        nodes = list(self.config.transforms) if items.views else []
        source = self.config.benchmark.get("type")
        return described(
            model,
            items,
            kind=type(model.adapter).__name__,
            transforms=_text(nodes),
            data=_text({k: v for k, v in self.config.benchmark.items() if k not in ("root", "workers", "labelled")}),
            precision=self.config.precision,
            need=", ".join(name for name in ("pooled", "tokens", "layers", "attention") if getattr(need, name)),
            source=[source] if isinstance(source, type) else [],
        )


def _text(node: object) -> str:
    return json.dumps(node, default=plain, sort_keys=True)
