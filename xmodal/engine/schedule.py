"""How long a phase trains, on how many samples a step, and with which learning rate when."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xmodal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Schedule:
    """AdamW with linear warm-up and cosine decay.

    Attributes:
        steps: optimiser steps.
        labelled: labelled samples a step (the same for the student alone and for every distilled arm).
        instances: labelled samples of one `Split.identity` drawn side by side (the K of P x K batches): a task that
            compares samples learns nothing from a batch without two of a kind.
        paired: further samples a step, labels unseen; only arms with a teacher get them.
        learning_rate: its peak; warmup: share of the steps spent rising to it; final: share of it at the end.
        weight_decay: on matrices and convolutions only.
        clip_norm: gradient norm limit, 0 for none.
        checkpoint_every, log_every: in steps.
        accumulate: batches of `labelled` and `paired` samples whose mean gradient makes one optimiser step.
        keep: "last" for the weights of the last step, "best" for those that scored best on the validation samples,
            "average" for a moving average of all.
        decay: of that average.
        look_every: steps between two looks at the validation samples, where the best are kept.
        workers: processes that load data; 0 loads in the training process.
        views: augmentations of each sample that are drawn once and seen again, so that a teacher's outputs for them
            can be kept (`xmodal cache`); 0 draws anew in every step.
    """

    steps: int = 600
    labelled: int = 8
    instances: int = 1
    paired: int = 16
    learning_rate: float = 1e-3
    warmup: float = 0.1
    final: float = 0.01
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    checkpoint_every: int = 200
    log_every: int = 20
    keep: str = "last"
    look_every: int = 25
    accumulate: int = 1
    decay: float = 0.99
    workers: int = 0
    views: int = 0

    def __post_init__(self) -> None:
        whole = {
            "steps": 1,
            "labelled": 1,
            "instances": 1,
            "checkpoint_every": 1,
            "log_every": 1,
            "look_every": 1,
            "accumulate": 1,
            "paired": 0,
            "workers": 0,
            "views": 0,
        }
        for name, least in whole.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ConfigError(f"schedule.{name}: expected a whole number from {least}, found {value!r}")
        for name, most in {
            "learning_rate": math.inf,
            "warmup": 1,
            "final": 1,
            "weight_decay": math.inf,
            "clip_norm": math.inf,
        }.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value <= most:
                raise ConfigError(f"schedule.{name}: expected a number from 0 to {most}, found {value!r}")
        if self.keep not in ("last", "best", "average"):
            raise ConfigError(f"schedule.keep: expected 'last', 'best' or 'average', found {self.keep!r}")
        if not 0 < self.decay < 1:
            raise ConfigError(f"schedule.decay: expected a number between 0 and 1, found {self.decay!r}")
        if self.learning_rate == 0:
            raise ConfigError("schedule.learning_rate: expected a positive number, found 0")

    def rate(self, step: int) -> float:
        """The learning rate of a step: a closed form, so that a resumed run needs no scheduler state."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        share = (step - rising) / max(1, self.steps - rising)
        return self.learning_rate * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * share)))
