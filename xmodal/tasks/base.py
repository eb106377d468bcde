"""What a model is asked for: its head, the targets in the model's own tokens, the supervised loss, the metric."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from xmodal.bus import Tokens

IGNORE = -1
"""The class number of what has no label."""


class Task:
    """Base of all tasks.

    Attributes:
        level: "pooled" (one answer a sample) or "tokens" (one a token).
        metric: the headline metric's name in `metrics`.
        greater_is_better: its direction.
    """

    level: ClassVar[str]
    metric: ClassVar[str]
    greater_is_better: ClassVar[bool] = True

    def head(self, width: int) -> nn.Module:
        """The module that turns features [..., width] into this task's output."""
        raise NotImplementedError

    def targets(self, labels: Any, tokens: Tokens | None) -> Tensor:
        """Labels of a batch in the space of the output: [B] for pooled tasks, [B, N] for token tasks."""
        raise NotImplementedError

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """[B]: the supervised loss of each sample; zero for one without any known target."""
        raise NotImplementedError

    def answer(self, output: Tensor) -> Tensor:
        """The output as the metric reads it: class numbers, or values."""
        raise NotImplementedError

    def beliefs(self, output: Tensor) -> Tensor:
        """The output in the form that may be averaged over tokens: probabilities, or values."""
        raise NotImplementedError

    def metrics(self, answer: Tensor, target: Tensor) -> dict[str, float]:
        """The field's metrics over flat answers and targets [n], unknown targets left out."""
        raise NotImplementedError


def wide(x: Tensor) -> Tensor:
    """x in float32, or in float64 where it is that: half precision has too few digits for losses and scores."""
    return x if x.dtype == torch.float64 else x.float()
