"""The projection head that several of these methods put on the student and drop after training."""

from __future__ import annotations

from torch import nn


def perceptron(width_in: int, hidden: int, width_out: int) -> nn.Module:
    """Three linear layers with ReLU between them."""
    return nn.Sequential(
        nn.Linear(width_in, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, width_out)
    )
