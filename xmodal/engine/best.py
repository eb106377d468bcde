"""The weights that scored best on the validation samples, kept while training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


@dataclass(slots=True)
class Best:
    """Early stopping without stopping: every arm trains equally long, and each keeps the weights of its best step.

    Attributes:
        score: of a model on validation samples; higher is better.
        every: steps between two looks.
        value, step, weights: the best so far; the earlier of two that score the same.
    """

    score: Callable[[nn.Module], float]
    every: int
    value: float = -math.inf
    step: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def look(self, step: int, model: nn.Module) -> None:
        """Score the model after `step` steps; its modes are the caller's to restore."""
        value = self.score(model)
        if value > self.value or not self.weights:  # a score that is no number never wins
            self.value, self.step = value if value == value else -math.inf, step
            self.weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}

    def after(self, done: int, model: nn.Module, last: bool = False) -> bool:
        """Look if it is time; whether the model's modes may have changed."""
        if done % self.every and not last:
            return False
        self.look(done, model)
        return True

    def restore(self, model: nn.Module) -> None:
        if self.weights:
            model.load_state_dict(self.weights)

    def state(self) -> dict[str, Any]:
        return {"value": self.value, "step": self.step, "weights": self.weights}

    def load(self, state: dict[str, Any]) -> None:
        self.value, self.step, self.weights = state["value"], state["step"], dict(state["weights"])
