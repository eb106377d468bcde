"""What distillers between maps seen from above share: tokens as maps, heat of objects, the labelled boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Ragged
from xmodal.distillers.base import Distiller


class LabelledBoxes(NamedTuple):
    """turned: [M, 5] in cells of a map (`box_keypoints`); sample: [M] int64; speed: [M] m/s along their length."""

    turned: Tensor
    sample: Tensor
    speed: Tensor


class FromAbove(Distiller):
    """Base: reads layers and tokens of both, on one grid, and what `task` is labelled with: a map and boxes.

    Boxes belong to the labels, so terms that read them count labelled samples only.

    Args:
        task: a segmentation on tokens whose class 0 is background; its labels hold "boxes" [M, 7] in cells: centre
            (column, row), length, width, angle, class, speed in m/s.
        teacher: whose maps.
    """

    needed: ClassVar[Need] = Need(tokens=True, layers=True)

    def __init__(self, task: str, *, teacher: str = "teacher") -> None:
        super().__init__(teacher)
        self.task = task

    def needs(self) -> Mapping[str, Need]:
        return {"student": self.needed, self.teacher: self.needed}

    def both(self, frame: Frame) -> tuple[Embedding, Embedding]:
        """Student, and teacher without gradient."""
        return frame.student, frame.other(self.teacher).detach()

    def counted(self, frame: Frame) -> Tensor:
        """[B] bool: the samples that have both a teacher and labels."""
        taught = frame.taught[self.teacher]
        labelled = frame.labelled.get(self.task)
        return torch.zeros_like(taught) if labelled is None else taught & labelled

    def boxes(self, frame: Frame, tokens: Tokens) -> LabelledBoxes:
        """The labelled boxes in cells of the grid of `tokens`."""
        columns = grid_of(tokens)[1]
        labels = frame.labels.get(self.task)
        if labels is None:  # no sample of this batch is labelled
            empty = tokens.x.new_zeros(0, 5, dtype=torch.float32)
            return LabelledBoxes(empty, empty.new_zeros(0, dtype=torch.int64), empty[:, 0])
        found = labels.get("boxes")
        if not isinstance(found, Ragged):
            raise ValueError(f"labels of {self.task!r} hold no 'boxes', they hold {sorted(labels)}")
        scale = columns / labels[frame.student.need_tokens("student").key].shape[-1]
        values = found.values.float()
        turned = torch.cat([values[:, :4] * scale, values[:, 4:5]], dim=1)
        return LabelledBoxes(turned, found.sample(), values[:, 6])

    def objects(self, embedding: Embedding, tokens: Tokens) -> Tensor:
        """[B, K, H, W] log-odds of each class but the background: what a detector's heat map holds as logits."""
        logits = embedding.outputs[self.task].float()
        others = torch.stack([_but(logits, k).logsumexp(-1) for k in range(1, logits.shape[-1])], dim=-1)
        return _as_map(logits[..., 1:] - others, grid_of(tokens))


def grid_of(tokens: Tokens) -> tuple[int, int]:
    """(rows, columns), or an error that names the entry."""
    if tokens.grid is None or len(tokens.grid) != 2:
        raise ValueError(f"maps need tokens on a grid (rows, columns), found grid {tokens.grid} of {tokens.key!r}")
    return tokens.grid[0], tokens.grid[1]


def as_map(tokens: Tokens) -> Tensor:
    """[B, D, H, W] float32."""
    return _as_map(tokens.x.float(), grid_of(tokens))


def same_grid(student: Tokens, teacher: Tokens) -> tuple[Tensor, Tensor]:
    """Both as maps; an error unless their grids agree."""
    if grid_of(student) != grid_of(teacher):
        raise ValueError(f"maps of the student {student.grid} and the teacher {teacher.grid} differ in their grids")
    return as_map(student), as_map(teacher)


def shape_of(x: Tensor) -> tuple[int, int, int]:
    """(B, H, W) of a map."""
    return len(x), x.shape[2], x.shape[3]


def layer_widths(models: Mapping[str, Adapter], name: str, layers: tuple[int, ...]) -> list[int]:
    """D of the chosen layers of a model; an error that says how many it has."""
    widths = models[name].layer_widths
    for layer in layers:
        if not -len(widths) <= layer < len(widths):
            raise ValueError(f"{name} has {len(widths)} layers, there is no layer {layer}")
    return [widths[layer] for layer in layers]


def pointwise(before: int, after: int) -> nn.Module:
    """A 1 x 1 convolution of the student to the teacher's width."""
    return nn.Conv2d(before, after, 1)


def _as_map(x: Tensor, grid: tuple[int, int]) -> Tensor:
    return x.transpose(1, 2).reshape(len(x), x.shape[2], *grid)


def _but(logits: Tensor, k: int) -> Tensor:
    return torch.cat([logits[..., :k], logits[..., k + 1 :]], dim=-1)
