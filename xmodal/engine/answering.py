"""Where a phase's frozen teachers answer from: a store, memory, or themselves in every step.

Teachers cost most of a step, so they run in it only where nothing else can say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from xmodal.adapter import Adapter, Model
from xmodal.data.benchmark import Split
from xmodal.distillation import Distillation
from xmodal.engine.fit import autocast
from xmodal.engine.frozen import Compiled, Parked
from xmodal.engine.loader import Steps
from xmodal.engine.phases import Phase
from xmodal.engine.recall import Recall, sees_the_same_each_time
from xmodal.engine.run_config import RunConfig
from xmodal.engine.stores import Stores


@dataclass(frozen=True, slots=True)
class Answering:
    """The choice for one run.

    Attributes:
        config: the run; device: where it computes.
        stores: from which teachers that are no students answer; None for none.
    """

    config: RunConfig
    device: torch.device
    stores: Stores | None

    def settle(self, distillation: Distillation, phase: Phase, seed: int, split: Split, steps: Steps) -> None:
        """Put what answers in the place of each teacher; `steps` replay what a store recorded.

        Raises:
            ConfigError, DataError: a store was made from something else, is missing, unfinished or damaged.
        """
        for name, teacher in distillation.teachers.items():
            if self.stores and reads_stores(phase):
                assert isinstance(teacher, Model)
                place = self.stores.place(seed, split.name, name)
                stored = self.stores.read(place, teacher, distillation.need[name], split, steps.transforms)
                distillation.teachers[name] = stored
                if stored.store.augmented:
                    steps.recorded = stored.store.params
            elif sees_the_same_each_time(teacher, steps.transforms):
                context = autocast(self.device, self.config.precision)
                readable = split.having(teacher.inputs)
                recall = Recall(teacher, split.train, readable, distillation.need[name], self.device, context)
                distillation.teachers[name] = recall if recall.rows else self._live(teacher)
            else:
                distillation.teachers[name] = self._live(teacher)

    def _live(self, teacher: Adapter) -> Adapter:
        """A teacher that runs in every step, in the way that the config asks for."""
        if self.config.compile_teachers:
            teacher = Compiled(teacher)
        return Parked(teacher, self.device) if self.config.teacher_memory == "parked" else teacher


def reads_stores(phase: Phase) -> bool:
    """Whether its teachers may have stores: the student that teaches itself has none."""
    return bool(phase.learns_from) and phase.arm != "self"
