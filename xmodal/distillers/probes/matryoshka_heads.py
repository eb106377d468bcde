"""One embedding, read at nested prefixes by heads of their own: what makes its first channels usable alone.

Kusupati et al., "Matryoshka representation learning", NeurIPS 2022 (code RAIVNLab/MRL). Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import Matryoshka, doubling_widths
from xmodal.tasks import Task


class MatryoshkaHeads(Distiller):
    """One term a task, [B]: the sum over prefixes of the supervised loss of a linear head on that prefix.

    For a model's own training: among `teacher_distillers`. The source has no other loss: its whole embedding is the
    last prefix. Heads are dropped with the distiller.

    Args:
        widths: of the prefixes; None for 8, 16, ... and the whole.
        teacher: the model, "student" for the one that is trained.
    """

    def __init__(self, widths: Sequence[int] | None = None, *, teacher: str = "student") -> None:
        super().__init__(teacher)
        self.widths = None if widths is None else tuple(widths)

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        widths = self.widths or doubling_widths(models[self.teacher].width)
        self.tasks = {name: task for name, task in tasks.items() if task.level == "pooled"}
        self.heads = nn.ModuleDict(
            {name: nn.ModuleDict({str(w): task.head(w) for w in widths}) for name, task in self.tasks.items()}
        )
        self.prefixes = widths

    def needs(self) -> Mapping[str, Need]:
        return {self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        own = self.teacher == "student"
        model = frame.student if own else frame.other(self.teacher)
        batch = frame.batch if own else frame.seen or frame.batch
        pooled, terms = model.need_pooled(self.teacher), {}
        for name, task in self.tasks.items():
            known = batch.labelled.get(name)
            if known is None:
                terms[name] = pooled.sum() * 0.0  # no sample of this batch has the label
                continue
            target = task.targets(batch.labels[name], None)

            def loss(prefix: Tensor, name: str = name, task: Task = task, target: Tensor = target) -> Tensor:
                head = self.heads[name][str(prefix.shape[-1])]  # type: ignore[index]
                return task.loss(head(prefix), target)

            terms[name] = over_rows(Matryoshka(loss, widths=self.prefixes)(pooled), known)
        return terms
