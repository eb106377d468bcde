"""Several layers of the student, each behind a head of its own, point where the paired layers of the teacher do.

The multi-layer point-pixel term of HilDA (ECCV 2026, arXiv 2606.20189): a re-implementation from the description;
which layers, how wide the heads are and that batches are averaged over all points is ours. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller
from xmodal.distillers.geometry._heads import perceptron
from xmodal.distillers.geometry._point_pairs import over_pairs, pairs_of_layers, rows_of
from xmodal.losses import cosine_loss
from xmodal.tasks import Task


class LayerPoints(Distiller):
    """1 - cos(H_l(student layer), teacher layer) of paired tokens: mean over points, then over layers.

    Args:
        teacher: whose layers.
        layers: (student layer, teacher layer), counted as in a list; published: the last two.
        hidden: width of the heads.
    """

    def __init__(
        self, teacher: str = "teacher", *, layers: Sequence[tuple[int, int]] = ((-2, -2), (-1, -1)), hidden: int = 128
    ) -> None:
        super().__init__(teacher)
        if not layers or any(len(pair) != 2 for pair in layers):
            raise ValueError(f"expected (student layer, teacher layer) pairs, found {tuple(layers)}")
        self.layers, self.hidden = tuple((a, b) for a, b in layers), hidden
        self.heads = nn.ModuleList()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        own, theirs = models["student"].layer_widths, models[self.teacher].layer_widths
        self.heads = nn.ModuleList(perceptron(own[a], self.hidden, theirs[b]) for a, b in self.layers)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(layers=True), self.teacher: Need(layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        taught, other = frame.taught[self.teacher], frame.other(self.teacher)
        terms = []
        for head, (a, b) in zip(self.heads, self.layers, strict=True):
            own, theirs = frame.student.layers[a], other.layers[b]
            pairs = pairs_of_layers(own, theirs, frame, taught)
            sample, i, j = pairs.index.unbind(1)
            student, teacher = rows_of(head(own.x), sample, i), rows_of(theirs.x, sample, j)  # [M, D]
            values = cosine_loss(student, teacher, reduction="none")
            terms.append(over_pairs(values, pairs, len(taught)))
        return {"layers": torch.stack(terms).mean(0)}
