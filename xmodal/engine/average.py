"""A moving average of the student's weights, kept in place of the last ones."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average; early steps count for less, so that the first weights are soon forgotten.

    After step t the average keeps the share min(decay, (1 + t) / (10 + t)) of itself. Counters such as those of
    BatchNorm are copied.

    Args:
        decay: in (0, 1).
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}

    def after(self, done: int, model: nn.Module, last: bool = False) -> bool:
        """Take in the weights after `done` steps; never touches the model's modes."""
        own = {name: tensor.detach() for name, tensor in model.state_dict().items()}
        if not self.weights:
            self.weights = {name: tensor.clone() for name, tensor in own.items()}
            return False
        share = 1 - min(self.decay, (1 + done) / (10 + done))
        moving = [name for name, tensor in own.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([self.weights[name] for name in moving], [own[name] for name in moving], share)
        for name, tensor in own.items():
            if not tensor.is_floating_point():
                self.weights[name].copy_(tensor)
        return False

    def restore(self, model: nn.Module) -> None:
        """Put the average in the place of the last weights."""
        if self.weights:
            model.load_state_dict(self.weights)

    def state(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def load(self, state: dict[str, Any]) -> None:
        self.weights = dict(state["weights"])
