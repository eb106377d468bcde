"""Any loss of `xmodal.losses`, between one thing that the student says and the same thing that a teacher says.

The source is that of the loss. Evidence: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.pairs import carry

What = Literal["pooled", "tokens", "map", "output"]


class Compare(Distiller):
    """One term, named after what is compared.

    - "pooled" [B, D] and "tokens" [B, N, D]: the student in the teacher's width; teacher tokens carried over the pairs;
    - "map" [B, D, H, W]: the same tokens as maps, on the student's grid; zeros where nothing is paired;
    - "output": the answers to `task`, [B, ...] or, carried over the pairs, [B, N, ...].

    Args:
        loss: a loss module `(student, teacher, mask=...)`, or with the labels third where `labels` says so. Built with
            reduction="none" it gives a value a sample; a loss without items is a scalar term.
        what: as above.
        task: for "output", and for the labels.
        labels: whether the loss takes the labels of `task` (a pooled task); samples without count nothing then.
        teacher: whose.

    Raises:
        ValueError: an output or labels without a task.
    """

    def __init__(
        self,
        loss: nn.Module,
        *,
        what: What = "pooled",
        task: str = "",
        labels: bool = False,
        teacher: str = "teacher",
    ) -> None:
        super().__init__(teacher)
        if what not in ("pooled", "tokens", "map", "output"):
            raise ValueError(f'unknown what {what!r}; known: "pooled", "tokens", "map", "output"')
        if (what == "output" or labels) and not task:
            raise ValueError(f"what={what!r}, labels={labels} needs the name of a task")
        self.loss, self.what, self.task, self.labels = loss, what, task, labels
        self.projects = {"pooled": frozenset({"pooled"}), "output": frozenset()}.get(what, frozenset({"tokens"}))
        self.paired = what in ("tokens", "map")

    def connect(self, models: Mapping[str, object], tasks: Mapping[str, object]) -> None:
        if self.what == "output" and getattr(tasks.get(self.task), "level", "pooled") == "tokens":
            self.paired = True

    def needs(self) -> Mapping[str, Need]:
        need = Need(pooled=self.what == "pooled", tokens=self.paired)
        return {"student": need, self.teacher: need}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher, mask = self._sides(frame)
        third: tuple[Tensor, ...] = ()
        if self.labels:
            mask = frame.taught[self.teacher] if mask is None else mask
            mask = mask & frame.labelled[self.task].view(-1, *[1] * (mask.ndim - 1))
            third = (frame.labels[self.task].clamp_min(0),)
        value = self.loss(student, teacher, *third, mask=mask)
        if value.ndim == 0:
            return {self.what: value}
        depth = 1 if mask is None else mask.ndim
        if value.ndim > depth:  # a loss that takes each row of a map for an item
            value = value.flatten(depth).mean(-1)
        if mask is None or value.ndim == 1:
            return {self.what: over_rows(value, mask)}
        return {self.what: mean_over(value, mask)}

    def _sides(self, frame: Frame) -> tuple[Tensor, Tensor, Tensor | None]:
        """Student, teacher, and [B] or [B, N] which of their items count; None where all samples do."""
        other, taught = frame.other(self.teacher), frame.taught[self.teacher]
        samples = None if self.teacher in frame.all_taught else taught
        if self.what == "pooled":
            return frame.student_as[self.teacher].need_pooled("student"), other.need_pooled(self.teacher), samples
        if self.what == "output":
            student, teacher = frame.student.outputs[self.task], other.outputs[self.task].detach()
            if not self.paired:
                return student, teacher, samples
            carried, reached = carry(teacher, frame.pairs["student", self.teacher], student.shape[1])
            return student, carried, reached & taught.unsqueeze(1)
        own = frame.student_as[self.teacher].need_tokens("student")
        theirs = other.need_tokens(self.teacher).x.detach()
        carried, reached = carry(theirs, frame.pairs["student", self.teacher], own.x.shape[1])
        reached = reached & taught.unsqueeze(1)
        if self.what == "tokens":
            return own.x, carried, reached
        if own.grid is None or len(own.grid) != 2:
            raise ValueError(f"maps need tokens on a grid (rows, columns), found grid {own.grid} of {own.key!r}")
        shape, seen = (len(own.x), -1, *own.grid), reached.unsqueeze(-1)
        student, teacher = ((x * seen).transpose(1, 2).reshape(shape) for x in (own.x, carried))
        return student, teacher, reached.any(1)
