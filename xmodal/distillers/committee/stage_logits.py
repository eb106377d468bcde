"""Every stage of the student is projected to class logits, where a teacher of any architecture can be met.

OFA-KD, NeurIPS 2023, authors' code (Hao840/OFAKD), and SPOFA, arXiv 2606.24557, authors' code. Evidence: exact (what
is compared, the loss, SPOFA's LayerNorm and measurements); ours (widths and number of the separable convolutions).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import over_rows
from xmodal.distillers.committee.committee import Committee
from xmodal.distillers.committee.heads import as_map
from xmodal.losses import ofa_loss
from xmodal.tasks import IGNORE, Task


class StageLogits(Committee):
    """Terms "final" (the student's own logits) and "stage0", "stage1", ...: L_ofa against the teacher's final logits.

    A stage's projector halves the map by separable convolutions as often as stages follow, averages it, and maps it to
    logits. With eps = 1 the labels do not matter; with another eps samples without label count nothing.

    Args:
        task: a classification task that both answer.
        teacher: whose logits.
        eps: > 0, the exponent that enhances the true class.
        temperature: T > 0.
    """

    def __init__(self, task: str, *, teacher: str = "teacher", eps: float = 1.0, temperature: float = 1.0) -> None:
        super().__init__(task, teachers=(teacher,))
        self.eps, self.temperature = eps, temperature

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        super().connect(models, tasks)
        widths, classes = models["student"].layer_widths, len(getattr(tasks[self.task], "classes", ()))
        if self.paired or not classes or not widths:
            raise ValueError("stage logits need a task with one class a sample, and a student with hidden layers")
        self.projectors = nn.ModuleList(
            StageProjector(width, widths[-1], len(widths) - 1 - i, self.classifier(widths[-1], classes))
            for i, width in enumerate(widths)
        )

    def classifier(self, width: int, classes: int) -> nn.Module:
        """From a pooled stage to logits."""
        return nn.Linear(width, classes)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        teacher, kept = self.answer(frame, self.teacher)
        stages = [project(x) for project, x in zip(self.projectors, frame.student.layers, strict=True)]
        named = {"final": frame.student.outputs[self.task]} | {f"stage{i}": z for i, z in enumerate(stages)}
        labels, counts = self._labels(frame, kept)
        terms = {name: over_rows(self._loss(z, teacher, labels, counts), counts) for name, z in named.items()}
        return {**terms, **self.measured(stages, teacher, kept)}

    def measured(self, stages: list[Tensor], teacher: Tensor, kept: Tensor) -> dict[str, Tensor]:
        """Terms that a balance reads and does not add."""
        return {}

    def _loss(self, student: Tensor, teacher: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        return ofa_loss(
            student, teacher, labels, eps=self.eps, temperature=self.temperature, reduction="none", mask=mask
        )

    def _labels(self, frame: Frame, taught: Tensor) -> tuple[Tensor, Tensor]:
        """[B] labels, 0 where there is none, and [B] which samples count."""
        labelled = frame.labelled.get(self.task)
        if labelled is None:
            nothing = torch.zeros_like(taught)
            return nothing.long(), taught if self.eps == 1 else nothing
        labels = torch.where(labelled, frame.labels[self.task], IGNORE).clamp_min(0)
        return labels, taught if self.eps == 1 else taught & labelled


class NormedStageLogits(StageLogits):
    """SPOFA's: a LayerNorm before each classifier, and measurements "agree0", "agree1", ... for `Agreement`.

    A measurement is the cosine of a stage's logits with the teacher's; it has no gradient and is no loss: name it in
    the balance's `stages`, which keeps it out of the sum.
    """

    def classifier(self, width: int, classes: int) -> nn.Module:
        return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def measured(self, stages: list[Tensor], teacher: Tensor, kept: Tensor) -> dict[str, Tensor]:
        cosines = [F.cosine_similarity(z.detach().float(), teacher.float(), dim=-1) for z in stages]
        return {f"agree{i}": over_rows(cosine, kept) for i, cosine in enumerate(cosines)}


class StageProjector(nn.Module):
    """Tokens of one stage -> [B, C].

    Args:
        width: of the stage; deep: of the student's last stage.
        halvings: separable convolutions of stride 2; the first one takes the stage to the deep width.
        classifier: from the pooled vector of the deep width to logits.
    """

    def __init__(self, width: int, deep: int, halvings: int, classifier: nn.Module) -> None:
        super().__init__()
        widths = [width, *[deep] * max(halvings, 1)]
        stride = 2 if halvings else 1
        self.convs = nn.Sequential(*(separable(a, b, stride) for a, b in pairwise(widths)))
        self.classifier = classifier

    def forward(self, stage: Tokens) -> Tensor:
        if stage.grid is None or len(stage.grid) != 2:
            raise ValueError(f"stage logits need layers on a grid (rows, columns), found grid {stage.grid}")
        out: Tensor = self.classifier(self.convs(as_map(stage.x, stage.grid)).mean((2, 3)))
        return out


def separable(width_in: int, width: int, stride: int) -> nn.Module:
    """A depthwise 3x3 convolution and a pointwise one, norm and ReLU."""
    depthwise = nn.Conv2d(width_in, width_in, 3, stride=stride, padding=1, groups=width_in, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(width_in, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
