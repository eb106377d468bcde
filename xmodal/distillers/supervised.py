"""A model that trains along learns its tasks from the labels, as the student does.

The plain supervised loss. Evidence: ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.tasks import Task


class Supervised(Distiller):
    """The supervised loss of a peer: one term a task, on the samples that have its label and the peer's inputs.

    Without it a peer would be trained by what the other distillers ask of it alone.

    Args:
        teacher: the peer.
    """

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.tasks = dict(tasks)

    def needs(self) -> Mapping[str, Need]:
        return {self.teacher: Need(tokens=any(task.level == "tokens" for task in self.tasks.values()))}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        peer, taught = frame.peers[self.teacher], frame.taught[self.teacher]
        seen = frame.seen or frame.batch  # a peer that saw other samples has their labels
        terms = {}
        for name, task in self.tasks.items():
            output, labelled = peer.outputs[name], seen.labelled.get(name)
            if labelled is None:
                terms[name] = output.sum() * 0.0  # no sample of this batch has the label
                continue
            loss = task.loss(output, task.targets(seen.labels[name], peer.tokens))
            terms[name] = over_rows(loss, labelled & taught)
        return terms
