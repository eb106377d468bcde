"""Every layer of the student imitates the teacher's of the same depth, through a trained map of low rank.

The activation part of Low-Rank Clone, LRC, NeurIPS 2025, arXiv 2505.12781 (code CURRENTF/LowRankClone). Evidence:
exact (mean squared error over all elements of a layer, summed over layers); ours (a map on the student's side).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.losses import hint_loss
from xmodal.tasks import Task

Level = Literal["tokens", "pooled"]


class ActivationClone(Distiller):
    """Terms "layer0", "layer1", ..., each [B]. The source sums them, and weighs the sum 0.2.

    What of LRC is not here: its student has no weights of its own, they are trained low-rank projections of the frozen
    teacher's weights, so that queries, keys, values and hidden units have the teacher's width and need no map, and one
    projection of the teacher's stream serves weights and layer outputs. Here the student is any network, only layer
    outputs are cloned, and the map goes from the student's width to the teacher's, so that it cannot collapse.

    Args:
        teacher: whose layers.
        layers: (of the student, of the teacher) in depth order; None for all, which then are equally many.
        rank: of the maps, or less where a layer is narrower.
        level: "tokens" compares place by place, on sensors that are registered, whose layers have one grid each;
            "pooled" the means of the layers' tokens.
    """

    def __init__(
        self,
        *,
        teacher: str = "teacher",
        layers: Sequence[tuple[int, int]] | None = None,
        rank: int = 16,
        level: Level = "tokens",
    ) -> None:
        super().__init__(teacher)
        if level not in ("tokens", "pooled"):
            raise ValueError(f"level must be 'tokens' or 'pooled', got {level!r}")
        if rank < 1:
            raise ValueError(f"expected a rank of at least 1, found {rank}")
        self.layers = None if layers is None else [(int(a), int(b)) for a, b in layers]
        self.rank, self.level = rank, level

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        own, theirs = models["student"].layer_widths, models[self.teacher].layer_widths
        if self.layers is None and len(own) != len(theirs):
            raise ValueError(f"layers: name pairs, as the student has {len(own)} layers and its teacher {len(theirs)}")
        self.chosen = self.layers or list(zip(range(len(own)), range(len(theirs)), strict=True))
        self.maps = nn.ModuleList(_low_rank(own[a], theirs[b], self.rank) for a, b in self.chosen)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(layers=True), self.teacher: Need(layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = frame.student.layers, frame.other(self.teacher).layers
        taught = frame.taught[self.teacher]
        return {
            f"layer{n}": self._compared(student[a], teacher[b], change, taught)
            for n, ((a, b), change) in enumerate(zip(self.chosen, self.maps, strict=True))
        }

    def _compared(self, student: Tokens, teacher: Tokens, change: nn.Module, taught: Tensor) -> Tensor:
        if self.level == "pooled":
            value = hint_loss(change(student.mean()), teacher.mean(), mask=taught, reduction="none")
            return over_rows(value, taught)
        if student.grid is None or student.grid != teacher.grid:
            raise ValueError(f"layers on one grid can be cloned, found {student.grid} and {teacher.grid}")
        mask = student.mask() & teacher.mask() & taught.unsqueeze(1)
        return mean_over(hint_loss(change(student.x), teacher.x, mask=mask, reduction="none"), mask)


def _low_rank(own: int, theirs: int, rank: int) -> nn.Sequential:
    rank = min(rank, own, theirs)
    return nn.Sequential(nn.Linear(own, rank, bias=False), nn.Linear(rank, theirs))
