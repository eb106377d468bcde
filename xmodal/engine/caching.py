"""Writes the teacher stores of a run: `train_teachers`, where they are not trained yet, then `write_stores`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from xmodal.adapter import Model
from xmodal.data.benchmark import Split
from xmodal.engine.phases import Phase, phases
from xmodal.engine.run import Run
from xmodal.errors import ConfigError
from xmodal.store.encodings import Form
from xmodal.store.planning import Plan
from xmodal.store.reader import Store
from xmodal.store.writer import Report, foreseen, write_store

Planned = Callable[[Path, Plan, int], None]
"""(folder, how it will look, number of records), before a store is written."""


def write_stores(run: Run, forms: Mapping[str, Form], planned: Planned, progress: Report) -> list[Store]:
    """One store for each seed, split and teacher whose outputs the distilled student reads.

    Args:
        run: opened with a folder of stores, its teachers trained.
        forms: how parts are kept, by the start of their path; "" for all others.
        planned: called before a store is begun; progress: called after every batch.

    Raises:
        ConfigError: there is no teacher with weights of its own; a store stands there that was made from something
            else; a form does not fit.
    """
    taught = _needed(run)[-1]
    stores = []
    for seed in run.config.seeds:
        for split in run.splits(seed):
            stores += _write(run, seed, split, taught, forms, planned, progress)
    if not stores:
        raise ConfigError("no teacher to store: the distilled student reads no frozen teacher")
    return stores


def train_teachers(run: Run, forms: Mapping[str, Form]) -> None:
    """Those whose outputs the distilled student reads, as far as they are not trained yet.

    Args:
        forms: that they will be kept in.

    Raises:
        ConfigError: what a teacher sees cannot be stored, or a form does not fit; told before anything trains.
    """
    assert run.stores is not None
    needed = _needed(run)
    taught, transforms = needed[-1], run.factory.transforms(needed[-1])
    fresh = {name: run.factory.model(source.model, 0) for name, source in taught.learns_from.items()}
    distillation = run.factory.distillation(taught, fresh, 0).to(run.device)
    models = {name: model for name, model in distillation.teachers.items() if isinstance(model, Model)}
    for model in models.values():
        run.stores.check_recordable(model, transforms)
    arms, begun = {source.arm for source in taught.learns_from.values()}, False
    for seed in run.config.seeds:
        splits = run.splits(seed)
        for split in splits:
            for phase in (phase for phase in needed if phase.arm in arms):
                if run.place(seed, split.name, phase.arm).done.is_file():
                    continue
                if not begun:
                    run.begin(splits, seed)
                    for name, model in models.items() if forms else ():
                        foreseen(run.stores.job(model, distillation.need[name], split, transforms, forms=forms))
                    begun = True
                run.do(seed, split, phase)


def _needed(run: Run) -> Sequence[Phase]:
    """The distilled student's phase, and before it those that it learns from."""
    return phases(replace(run.config, arms=("distilled",)))


def _write(
    run: Run, seed: int, split: Split, taught: Phase, forms: Mapping[str, Form], planned: Planned, progress: Report
) -> list[Store]:
    assert run.stores is not None
    teachers = run.teachers(seed, split.name, taught)
    distillation = run.factory.distillation(taught, teachers, seed).to(run.device)
    stores = []
    for name, teacher in distillation.teachers.items():
        assert isinstance(teacher, Model)
        place = run.stores.place(seed, split.name, name)
        job = run.stores.job(
            teacher,
            distillation.need[name],
            split,
            run.factory.transforms(taught),
            forms=forms,
            workers=run.factory.schedule(taught).workers,
        )
        stores.append(write_store(place, job, planned=partial(planned, place), report=progress))
    return stores
