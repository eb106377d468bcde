"""What a model is asked for: its head, the targets in the model's own tokens, the supervised loss, the metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.bus import Tokens
from xmodal.data.batch import Ragged

IGNORE = -1


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


class _Classes(Task):
    """Shared by the two tasks that choose one of several classes."""

    def __init__(self, classes: tuple[str, ...] | list[str]) -> None:
        if len(classes) < 2:
            raise ValueError(f"a task needs at least two classes, got {list(classes)}")
        self.classes = tuple(classes)

    def head(self, width: int) -> nn.Module:
        return nn.Linear(width, len(self.classes))

    def answer(self, output: Tensor) -> Tensor:
        return output.argmax(-1)

    def beliefs(self, output: Tensor) -> Tensor:
        return output.float().softmax(-1)


class Classification(_Classes):
    """One class a sample. Cross-entropy; accuracy and balanced accuracy (mean recall over classes present)."""

    level = "pooled"
    metric = "accuracy"

    def targets(self, labels: Tensor, tokens: Tokens | None) -> Tensor:
        return labels

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(output.float(), target, ignore_index=IGNORE, reduction="none")

    def metrics(self, answer: Tensor, target: Tensor) -> dict[str, float]:
        confusion = confusion_matrix(answer, target, len(self.classes))
        seen = confusion.sum(1) > 0
        recall = confusion.diag()[seen] / confusion.sum(1)[seen]
        return {
            "accuracy": float(confusion.diag().sum() / confusion.sum().clamp_min(1)),
            "balanced accuracy": float(recall.mean()) if len(recall) else float("nan"),
        }


class Segmentation(_Classes):
    """One class a token; a token's target is the most frequent known class inside it. Cross-entropy; mIoU."""

    level = "tokens"
    metric = "mIoU"

    def targets(self, labels: Mapping[str, Tensor | Ragged], tokens: Tokens | None) -> Tensor:
        assert tokens is not None
        votes = _per_token(F.one_hot, labels, tokens, len(self.classes))  # [B, N, C]
        return torch.where(votes.sum(-1) > 0, votes.argmax(-1), IGNORE)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        each = F.cross_entropy(output.float().transpose(1, 2), target, ignore_index=IGNORE, reduction="none")
        return each.sum(1) / (target != IGNORE).sum(1).clamp_min(1)

    def metrics(self, answer: Tensor, target: Tensor) -> dict[str, float]:
        """IoU = TP / (TP + FP + FN) from one confusion matrix; the mean is over classes present in the targets."""
        confusion = confusion_matrix(answer, target, len(self.classes))
        union = confusion.sum(0) + confusion.sum(1) - confusion.diag()
        present = confusion.sum(1) > 0
        iou = confusion.diag() / union.clamp_min(1)
        per_class = {f"IoU {name}": float(v) for name, v, p in zip(self.classes, iou, present, strict=True) if p}
        return {"mIoU": float(iou[present].mean()) if present.any() else float("nan"), **per_class}


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
        return output.float()

    def beliefs(self, output: Tensor) -> Tensor:
        return output.float()

    def _each(self, output: Tensor, target: Tensor) -> Tensor:
        known = target.isfinite()
        error = torch.where(known, output.float() - target, 0.0) / self.scale
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
        sums = _per_token(_value_and_count, labels, tokens, 2)
        return torch.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1].clamp_min(1), float("nan"))

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return self._each(output, target).sum(1) / target.isfinite().sum(1).clamp_min(1)


class _Affine(nn.Module):
    """offset + scale * y, in float32: a half-precision output would round metres."""

    def __init__(self, offset: float, scale: float) -> None:
        super().__init__()
        self.offset, self.scale = offset, scale

    def forward(self, y: Tensor) -> Tensor:
        return self.offset + self.scale * (y if y.dtype == torch.float64 else y.float())


def _value_and_count(values: Tensor, _: int) -> Tensor:
    return torch.stack([values, torch.ones_like(values)], -1)


def _per_token(spread: Any, labels: Mapping[str, Tensor | Ragged], tokens: Tokens, channels: int) -> Tensor:
    """[B, N, channels]: `spread(known labels, channels)` summed over the pixels or elements of each token."""
    if tokens.key not in labels:
        raise KeyError(f"no dense labels for entry {tokens.key!r}; they are given for {sorted(labels)}")
    dense = labels[tokens.key]
    if isinstance(dense, Ragged):
        fill = float("nan") if dense.values.is_floating_point() else IGNORE
        dense, cell = dense.padded(fill)[0], tokens.of
    else:
        cell = _cell_of_pixels(dense, tokens)
        dense = dense.flatten(1)
    assert cell is not None, f"tokens of {tokens.key!r} do not say which elements they hold (Tokens.of)"
    cell = cell[:, : dense.shape[1]]  # labels are padded to the longest labelled sample only
    known = (dense.isfinite() if dense.is_floating_point() else dense != IGNORE) & (cell >= 0)
    sample, element = known.nonzero(as_tuple=True)
    batch, count = tokens.x.shape[:2]
    out = torch.zeros(batch * count, channels, device=dense.device)
    out.index_add_(0, sample * count + cell[sample, element], spread(dense[known], channels).float())
    return out.view(batch, count, channels)


def _cell_of_pixels(dense: Tensor, tokens: Tokens) -> Tensor:
    if tokens.grid is None or len(tokens.grid) != 2:
        raise ValueError(f"tokens of {tokens.key!r} have grid {tokens.grid}, but pixel labels need (rows, columns)")
    height, width = dense.shape[-2:]
    row = torch.arange(height, device=dense.device) * tokens.grid[0] // height
    column = torch.arange(width, device=dense.device) * tokens.grid[1] // width
    return (row.unsqueeze(1) * tokens.grid[1] + column).flatten().expand(len(dense), -1)


def confusion_matrix(answer: Tensor, target: Tensor, classes: int) -> Tensor:
    """[classes, classes] float64: rows are targets, columns answers; ignored targets are left out."""
    known = target != IGNORE
    code = target[known] * classes + answer[known]
    return torch.bincount(code.flatten(), minlength=classes**2).view(classes, classes).double()
