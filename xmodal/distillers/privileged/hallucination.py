"""A branch of the student imitates what a network that had the missing sensor saw in the middle of it.

Hoffman, Gupta, Darrell, "Learning with side information through modality hallucination", CVPR 2016.
Evidence: recalled; ours (`BranchTasks` with linear heads on the pooled vectors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.errors import unknown
from xmodal.losses import hallucination_loss
from xmodal.tasks import Task


class Hallucination(Distiller):
    """|sigmoid(student) - sigmoid(teacher)|^2 at one hidden layer, summed over it: the term "features", [B].

    The student sees its own sensor only; the named one of its branches regresses the layer of the frozen teacher. Both
    layers have one shape, on registered sensors: place by place, channel by channel.

    Args:
        branch: the part of the student that hallucinates (`Branches`).
        layer: of that branch and of the teacher, in depth order.
        teacher: whose layer.
    """

    def __init__(self, branch: str, *, layer: int = -1, teacher: str = "teacher") -> None:
        super().__init__(teacher)
        self.branch, self.layer = branch, layer

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(layers=True), self.teacher: Need(layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        parts = frame.student.parts
        if self.branch not in parts:
            raise unknown("branch of the student", self.branch, parts)
        own, theirs = (_layer(e, self.layer) for e in (parts[self.branch], frame.other(self.teacher)))
        taught = frame.taught[self.teacher]
        return {"features": over_rows(hallucination_loss(own, theirs, mask=taught, reduction="none"), taught)}


class BranchTasks(Distiller):
    """The supervised losses of each branch of the student, from heads of their own that are not exported.

    Terms are named "branch/task". In the source the losses of all branches are added to those of the fused answer.

    Args:
        branches: parts of the student.
    """

    def __init__(self, branches: Sequence[str]) -> None:
        super().__init__("student")
        self.branches = tuple(branches)

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        student: Any = models["student"]
        parts = getattr(getattr(student, "adapter", student), "parts", {})
        for name in self.branches:
            if name not in parts:
                raise unknown("branch of the student", name, parts)
        self.tasks = {name: task for name, task in tasks.items() if task.level == "pooled"}
        widths = {name: int(parts[name].width) for name in self.branches}
        self.heads = nn.ModuleDict(
            {b: nn.ModuleDict({name: task.head(widths[b]) for name, task in self.tasks.items()}) for b in self.branches}
        )

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        terms = {}
        for branch in self.branches:
            pooled = frame.student.parts[branch].need_pooled(f"branch {branch!r}")
            for name, task in self.tasks.items():
                output = self.heads[branch][name](pooled)  # type: ignore[index]
                labelled = frame.labelled.get(name)
                if labelled is None:
                    terms[f"{branch}/{name}"] = output.sum() * 0.0  # no sample of this batch has the label
                    continue
                loss = task.loss(output, task.targets(frame.labels[name], None))
                terms[f"{branch}/{name}"] = over_rows(loss, labelled)
        return terms


def _layer(embedding: Embedding, layer: int) -> Tensor:
    if not -len(embedding.layers) <= layer < len(embedding.layers):
        raise ValueError(f"hallucination reads layer {layer}, found {len(embedding.layers)} layers")
    return embedding.layers[layer].x
