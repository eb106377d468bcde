"""Arms that several runs have in common, trained once: a teacher, or a student that learns from labels alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from xmodal import __version__
from xmodal.balance import FixedWeights
from xmodal.engine.finished import Place
from xmodal.engine.models import Factory, balance_of
from xmodal.engine.phases import Phase
from xmodal.engine.run_config import plain


@dataclass(frozen=True, slots=True)
class Shared:
    """A folder of finished arms, each under the digest of all that went into its training.

    Taught arms are not kept: no two runs have them in common.
    """

    folder: Path

    def fetch(self, key: str, place: Place) -> bool:
        """Copy a finished arm to its place in a run; False if there is none."""
        source = self.folder / key
        if not (source / place.done.name).is_file():
            return False
        for path in sorted(source.iterdir(), key=lambda p: p.name == place.done.name):  # done.json last
            place.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place.folder / path.name)
        return True

    def keep(self, key: str, place: Place) -> None:
        """Keep a finished arm; of two runs that finish the same one at once, either may win."""
        target = self.folder / key
        if target.exists():
            return
        part = self.folder / f".{key}.{os.getpid()}"
        shutil.copytree(place.folder, part, ignore=shutil.ignore_patterns("*.pt", ".*"), dirs_exist_ok=True)
        try:
            part.rename(target)
        except OSError:
            shutil.rmtree(part)


def key_of(factory: Factory, phase: Phase, seed: int, split: str) -> str | None:
    """The digest of everything that an arm without teachers depends on; None for a taught arm."""
    if phase.taught:
        return None
    config = factory.config
    student = phase.model == "student"
    parts = {
        "versions": (__version__, torch.__version__),
        "benchmark": config.benchmark,
        "model": config.student if student else config.teachers[phase.model],
        "deploy": config.deploy if student else (),
        "schedule": asdict(factory.schedule(phase)),
        "transforms": config.transforms if student else config.teacher_transforms,
        "balance": _balance(factory, phase),
        "distillers": config.teacher_distillers.get(phase.model, {}),
        "snapshots": phase.snapshots,
        "precision": config.precision,
        "on_bad_sample": config.on_bad_sample,
        "seed": seed,
        "split": split,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=plain).encode()).hexdigest()[:24]


def _balance(factory: Factory, phase: Phase) -> Any:
    """What of the balance an arm without teachers feels."""
    config = factory.config
    if phase.model in config.teacher_distillers:
        return config.teacher_balance.get(phase.model)
    alone = balance_of(config.balance, "balance").supervised()
    weights = {name: weight for name, weight in alone.weights.items() if weight != 1}
    return weights if type(alone) is FixedWeights else (type(alone), dict(config.balance or {}))
