"""Snapshots of one training run are the experts; each teaches only the classes at which it is adept.

HAS-KD, adept snapshot distillation, arXiv 2606.25278, here a re-implementation from the description: the equation is
ours. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.committee.committee import Committee, counted
from xmodal.losses import kd_loss
from xmodal.tasks import IGNORE, Task, confusion_matrix


class AdeptSnapshots(Committee):
    """T^2 KL(p_m*(c) || student), one term "soft": c is the class of the sample or token, m*(c) its best snapshot.

    The adept map m* is taken in `prepare`, from labels of training samples only: for each class the snapshot with the
    largest IoU, TP / (TP + FP + FN); before that, and for a class without labels there, the snapshot that is best on
    average (the finished model to begin with). Choosing on validation samples would leak their labels. c is the label
    where there is one, else the finished model's answer.

    Args:
        task: a classification or segmentation task.
        teacher: the finished model, itself one of the experts.
        snapshots: names of its earlier states (the config field `snapshots`).
        temperature: T > 0.
    """

    iou: Tensor
    adept: Tensor

    def __init__(
        self, task: str, *, teacher: str = "teacher", snapshots: Sequence[str], temperature: float = 1.0
    ) -> None:
        if isinstance(snapshots, str):
            raise ValueError(f"snapshots: expected several names, found {snapshots!r}")
        super().__init__(task, teachers=(teacher, *snapshots))
        self.temperature = temperature

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        super().connect(models, tasks)
        self.asked = tasks[self.task]
        classes = len(getattr(self.asked, "classes", ()))
        if classes < 2:
            raise ValueError(f"AdeptSnapshots needs a task with classes, found {type(self.asked).__name__}")
        self.register_buffer("iou", torch.zeros(len(self.reads), classes))
        self.register_buffer("adept", torch.zeros(classes, dtype=torch.long))

    def prepare(self, frames: Iterable[Frame]) -> None:
        classes = len(self.adept)
        confusion = torch.zeros(len(self.reads), classes, classes, dtype=torch.float64)
        for frame in frames:
            for row, name in enumerate(self.reads):
                confusion[row] += self._confusion(frame, name).cpu()
        self.iou.copy_(class_iou(confusion))
        seen = confusion[0].sum(1) > 0
        best = int(self.iou.mean(1).argmax())
        self.adept.copy_(torch.where(seen.to(self.adept.device), self.iou.argmax(0), best))

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        logits, known = self.answers(frame)  # [M, B, C] or [M, B, N, C]
        classes = self._classes(frame, logits[0].argmax(-1))
        expert = self.adept[classes].unsqueeze(0)  # [1, B] or [1, B, N]
        target = logits.gather(0, expert.unsqueeze(-1).expand(-1, *logits.shape[1:])).squeeze(0)
        kept = known.gather(0, expert).squeeze(0)
        student = frame.student.outputs[self.task]
        values = kd_loss(student, target, temperature=self.temperature, reduction="none", mask=kept)
        return {"soft": counted(values, kept)}

    def _classes(self, frame: Frame, guess: Tensor) -> Tensor:
        if frame.labelled.get(self.task) is None:
            return guess
        label = self.asked.targets(frame.labels[self.task], frame.student.tokens)
        return torch.where(label != IGNORE, label, guess)

    def _confusion(self, frame: Frame, name: str) -> Tensor:
        """[C, C] of one snapshot on the labelled samples as it saw them, at its own tokens."""
        seen, model = frame.seen or frame.batch, frame.other(name)
        if seen.labelled.get(self.task) is None:
            return torch.zeros(len(self.adept), len(self.adept), dtype=torch.float64)
        label = self.asked.targets(seen.labels[self.task], model.tokens)
        taught = frame.taught[name].view(-1, *[1] * (label.ndim - 1))
        label = torch.where(taught, label, IGNORE)
        return confusion_matrix(model.outputs[self.task].argmax(-1), label, len(self.adept))


def class_iou(confusion: Tensor) -> Tensor:
    """[M, C] from [M, C, C], rows the labels: TP / (TP + FP + FN), 0 for a class that never occurs."""
    hit = confusion.diagonal(dim1=1, dim2=2)
    return hit / (confusion.sum(1) + confusion.sum(2) - hit).clamp_min(1)
