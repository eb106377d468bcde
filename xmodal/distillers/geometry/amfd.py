"""The student's one map takes over what each stream of a two-sensor teacher attends to, not their fusion.

Adaptive modal fusion distillation, AMFD (IEEE TMM 2025, arXiv 2405.12944), code bigD233/AMFD. Evidence: exact
(repository: the loss); ours (a segmentation proxy: foreground from label maps, one level, no detection heads).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.distillers.base import Distiller
from xmodal.distillers.geometry._from_above import as_map, grid_of
from xmodal.losses import MEALoss
from xmodal.tasks import Segmentation, Task


class AMFD(Distiller):
    """Terms "STREAM_foreground", "STREAM_attention" and "STREAM_relation" for each stream of the teacher.

    The student's map (its tokens, averaged to the stream's grid) against that stream's map by `MEALoss`, each stream
    with modules of its own. Its terms are sums over the map; source weights 5e-5, 5e-5 and 5e-7.

    Foreground: cells whose label is one of `classes`, each weighing 1 / (cells of that class in the sample), as the
    source weighs a box by 1 / its area. Attention and relation count every sample that has a teacher; the foreground
    counts those with labels.

    Args:
        task: a segmentation on tokens, labelled for the student's entry.
        classes: its foreground, by name.
        streams: the teacher's `Embedding.parts` to learn from; each has tokens on a grid, no finer than the student's,
            of what lies under the student's cells: cameras with one lens, say.
        widths: channels of each stream's tokens.
        teacher: whose.
        temperature: of both attentions.
    """

    def __init__(
        self,
        task: str,
        *,
        classes: Sequence[str],
        streams: Sequence[str],
        widths: Sequence[int],
        teacher: str = "teacher",
        temperature: float = 1.0,
    ) -> None:
        super().__init__(teacher)
        if len(streams) != len(widths) or not streams:
            raise ValueError(f"expected one width for each of the streams {tuple(streams)}, found {tuple(widths)}")
        self.task, self.classes, self.temperature = task, tuple(classes), temperature
        self.widths = dict(zip(streams, widths, strict=True))

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        task = tasks.get(self.task)
        if not isinstance(task, Segmentation):
            raise ValueError(f"AMFD needs a segmentation task, found {self.task!r} among {sorted(tasks)}")
        self.segmentation = task
        self.rows = [task.classes.index(name) for name in self.classes]
        own = models["student"].token_width
        self.compare = nn.ModuleDict(
            {name: MEALoss(own, width, temperature=self.temperature) for name, width in self.widths.items()}
        )

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = frame.student.need_tokens("student"), frame.other(self.teacher).detach()
        taught = frame.taught[self.teacher]
        terms: dict[str, Tensor] = {}
        for name, compare in self.compare.items():
            assert isinstance(compare, MEALoss)
            tokens = _stream(teacher, name)
            ours, theirs = F.adaptive_avg_pool2d(as_map(student), grid_of(tokens)), as_map(tokens)
            weight, labelled = self._foreground(frame, replace(student, x=tokens.x, grid=tokens.grid))
            every = compare.terms(ours, theirs, weight, mask=taught)
            known = compare.terms(ours, theirs, weight, mask=taught & labelled)
            terms |= {
                f"{name}_foreground": known.foreground,
                f"{name}_attention": every.attention,
                f"{name}_relation": every.relation,
            }
        return terms

    def _foreground(self, frame: Frame, cells: Tokens) -> tuple[Tensor, Tensor]:
        """[B, H, W] weights, and [B] which samples have labels."""
        labels, labelled = frame.labels.get(self.task), frame.labelled.get(self.task)
        shape = (len(cells.x), *grid_of(cells))
        if labels is None or labelled is None:
            return cells.x.new_zeros(shape, dtype=torch.float32), torch.zeros_like(frame.taught[self.teacher])
        target = self.segmentation.targets(labels, cells)  # [B, N]
        weight = torch.zeros_like(target, dtype=torch.float32)
        for row in self.rows:
            own = (target == row).float()
            weight = weight + own / own.sum(1, keepdim=True).clamp_min(1)
        return weight.view(shape), labelled


def _stream(teacher: Embedding, name: str) -> Tokens:
    if name not in teacher.parts:
        raise ValueError(f"the teacher has no part {name!r}; parts: {sorted(teacher.parts)}")
    return teacher.parts[name].need_tokens(name)
