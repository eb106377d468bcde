"""A measured quantity: of a sample, or of each token."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.bus import Tokens
from xmodal.data.batch import Ragged
from xmodal.tasks.base import Task, wide
from xmodal.tasks.dense import per_token


class _Values(Task):
    """Shared by the two tasks that measure a quantity. `scale` and `offset` put the labels near zero mean, unit size.

    Args:
        unit: of the labels, for tables ("m").
        offset, scale: the model's raw output y means offset + scale * y.
        beta: where the smooth L1 loss turns from squared to absolute, in units of `scale`.
    """

    def __init__(self, unit: str = "", offset: float = 0.0, scale: float = 1.0, beta: float = 1.0) -> None:
        if scale <= 0:
            raise ValueError(f"scale must be positive, got {scale}")
        self.unit, self.offset, self.scale, self.beta = unit, offset, scale, beta

    def head(self, width: int) -> nn.Module:
        return nn.Sequential(nn.Linear(width, 1), nn.Flatten(-2), _Affine(self.offset, self.scale))

    def answer(self, output: Tensor) -> Tensor:
        return wide(output)

    def beliefs(self, output: Tensor) -> Tensor:
        return wide(output)

    def _each(self, output: Tensor, target: Tensor) -> Tensor:
        known = target.isfinite()
        error = torch.where(known, wide(output) - target, 0.0) / self.scale
        return F.smooth_l1_loss(error, torch.zeros_like(error), beta=self.beta, reduction="none")

    def metrics(self, answer: Tensor, target: Tensor) -> dict[str, float]:
        """R2 = 1 - SS_res / SS_tot over all answers pooled, and the mean absolute error."""
        known = target.isfinite()
        answer, target = answer[known].double(), target[known].double()
        residual = (answer - target).square().sum()
        total = (target - target.mean()).square().sum()
        return {"R2": float(1 - residual / total), "MAE": float((answer - target).abs().mean())}


class Regression(_Values):
    """One measured value a sample. Smooth L1; R2 and MAE."""

    level = "pooled"
    metric = "R2"

    def targets(self, labels: Tensor, tokens: Tokens | None) -> Tensor:
        return labels.float()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return self._each(output, target)


class DenseRegression(_Values):
    """One measured value a token: the mean of the known values inside it. Smooth L1; MAE and R2."""

    level = "tokens"
    metric = "MAE"
    greater_is_better = False

    def targets(self, labels: Mapping[str, Tensor | Ragged], tokens: Tokens | None) -> Tensor:
        assert tokens is not None
        sums = per_token(_value_and_count, labels, tokens, 2)
        return torch.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1].clamp_min(1), float("nan"))

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return self._each(output, target).sum(1) / target.isfinite().sum(1).clamp_min(1)


class _Affine(nn.Module):
    """offset + scale * y, in float32: a half-precision output would round metres."""

    def __init__(self, offset: float, scale: float) -> None:
        super().__init__()
        self.offset, self.scale = offset, scale

    def forward(self, y: Tensor) -> Tensor:
        return self.offset + self.scale * wide(y)


def _value_and_count(values: Tensor, _: int) -> Tensor:
    return torch.stack([values, torch.ones_like(values)], -1)
