"""Writes the teacher stores of a run: trains what teachers are not trained yet, then asks each of them once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from xmodal.adapter import Model
from xmodal.data.benchmark import Split
from xmodal.engine.phases import Phase, phases
from xmodal.engine.run import Run
from xmodal.engine.stores import Planned, Progress
from xmodal.errors import ConfigError
from xmodal.store.encodings import Form


def write_stores(run: Run, forms: Mapping[str, Form], planned: Planned, progress: Progress) -> list[Path]:
    """One store for each seed, split and teacher whose outputs the distilled student reads.

    Args:
        run: opened with a folder of stores.
        forms: how parts are kept, by the start of their path; "" for all others.
        planned: called before a store is begun; progress: called after every batch.

    Raises:
        ConfigError: there is no teacher with weights of its own; a store stands there that was made from something
            else; a form does not fit.
    """
    needed = phases(replace(run.config, arms=("distilled",)))
    taught = needed[-1]
    arms = {source.arm for source in taught.learns_from.values()}
    places = []
    for seed in run.config.seeds:
        splits = run.splits(seed)
        if seed == run.config.seeds[0]:
            run.begin(splits, seed)
        for split in splits:
            for phase in needed:
                if phase.arm in arms:
                    run.do(seed, split, phase)
            places += _write(run, seed, split, taught, forms, planned, progress)
    if not places:
        raise ConfigError("no teacher to store: the distilled student reads no frozen teacher")
    return places


def _write(
    run: Run, seed: int, split: Split, taught: Phase, forms: Mapping[str, Form], planned: Planned, progress: Progress
) -> list[Path]:
    assert run.stores is not None
    teachers = run.teachers(seed, split.name, taught)
    distillation = run.factory.distillation(taught, teachers, seed).to(run.device)
    places = []
    for name, teacher in distillation.teachers.items():
        assert isinstance(teacher, Model)
        place = run.stores.place(seed, split.name, name)
        run.stores.write(
            place,
            teacher,
            distillation.need[name],
            split,
            run.factory.transforms(taught),
            forms=forms,
            planned=planned,
            progress=progress,
            workers=run.factory.schedule(taught).workers,
        )
        places.append(place)
    return places
