"""One of several classes: for a sample, or for each token."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.bus import Tokens
from xmodal.data.batch import Ragged
from xmodal.tasks.base import IGNORE, Task, wide
from xmodal.tasks.dense import per_token


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
        return wide(output).softmax(-1)


class Classification(_Classes):
    """One class a sample. Cross-entropy; accuracy and balanced accuracy (mean recall over classes present)."""

    level = "pooled"
    metric = "accuracy"

    def targets(self, labels: Tensor, tokens: Tokens | None) -> Tensor:
        return labels

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(wide(output), target, ignore_index=IGNORE, reduction="none")

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
        votes = per_token(F.one_hot, labels, tokens, len(self.classes))  # [B, N, C]
        return torch.where(votes.sum(-1) > 0, votes.argmax(-1), IGNORE)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        each = F.cross_entropy(wide(output).transpose(1, 2), target, ignore_index=IGNORE, reduction="none")
        return each.sum(1) / (target != IGNORE).sum(1).clamp_min(1)

    def metrics(self, answer: Tensor, target: Tensor) -> dict[str, float]:
        """IoU = TP / (TP + FP + FN) from one confusion matrix; the mean is over classes present in the targets."""
        confusion = confusion_matrix(answer, target, len(self.classes))
        union = confusion.sum(0) + confusion.sum(1) - confusion.diag()
        present = confusion.sum(1) > 0
        iou = confusion.diag() / union.clamp_min(1)
        per_class = {f"IoU {name}": float(v) for name, v, p in zip(self.classes, iou, present, strict=True) if p}
        return {"mIoU": float(iou[present].mean()) if present.any() else float("nan"), **per_class}


def confusion_matrix(answer: Tensor, target: Tensor, classes: int) -> Tensor:
    """[classes, classes] float64: rows are targets, columns answers; ignored targets are left out."""
    known = target != IGNORE
    code = target[known] * classes + answer[known]
    return torch.bincount(code.flatten(), minlength=classes**2).view(classes, classes).double()
