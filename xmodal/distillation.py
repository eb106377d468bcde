"""One training step of a student with teachers, on one screen: batch in, one loss and its named terms out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.balance import FixedWeights
from xmodal.bus import Bus, Embedding, Frame, Pairs
from xmodal.data.batch import Batch
from xmodal.distillers.base import Distiller, over_rows
from xmodal.errors import unknown
from xmodal.pairs import pair_tokens
from xmodal.tasks import Task

View = Callable[[Batch], Batch]


def same_samples(batch: Batch) -> Batch:
    """The teacher sees what the student sees."""
    return batch


def other_samples(batch: Batch) -> Batch:
    """The teacher sees the batch moved by one sample: every loss stays, the pairing is gone (a control)."""
    return batch.rows(torch.arange(len(batch), device=batch.index.device).roll(1))


@dataclass(frozen=True, slots=True)
class Losses:
    """total: the scalar to call backward on. terms: by name, [B] or scalar, with gradient."""

    total: Tensor
    terms: Mapping[str, Tensor]


class Distillation(nn.Module):
    """A student, what it must do, whom it learns from, and how the losses are weighed.

    Teachers are frozen, stay in eval mode, run before the student, and are no part of parameters or state_dict. A
    teacher that no distiller reads does not run.

    Args:
        student: usually a `Model`, so that it has outputs for the tasks.
        tasks: supervised losses, on the samples that have labels.
        teachers: by name; peers: models that train along and are dropped at export.
        distillers: by name; each reads the teacher (or peer) that it names.
        balance: `(terms, frame) -> scalar`; FixedWeights() if None.
        view: which samples the teachers see; `other_samples` for the control without pairing.
    """

    def __init__(
        self,
        student: Adapter,
        tasks: Mapping[str, Task],
        *,
        teachers: Mapping[str, Adapter] | None = None,
        peers: Mapping[str, Adapter] | None = None,
        distillers: Mapping[str, Distiller] | None = None,
        balance: nn.Module | None = None,
        view: View = same_samples,
    ) -> None:
        super().__init__()
        self.student, self.tasks, self.view = student, dict(tasks), view
        self.teachers = {name: teacher.eval().requires_grad_(False) for name, teacher in (teachers or {}).items()}
        self.peers = nn.ModuleDict(peers or {})
        self.distillers: Mapping[str, Distiller] = nn.ModuleDict(distillers or {})  # type: ignore[assignment]
        self.balance = balance or FixedWeights()
        self._connect()
        self.need = self._declared()
        self.bus = Bus(self._widths())

    def forward(self, batch: Batch, progress: float = 0.0) -> Losses:
        frame = self.frame(batch, progress)
        terms = {f"task/{name}": self._supervised(name, task, frame) for name, task in self.tasks.items()}
        for name, distiller in self.distillers.items():
            terms |= {f"{name}/{term}": value for term, value in distiller(frame).items()}
        return Losses(self.balance(terms, frame), terms)

    def frame(self, batch: Batch, progress: float = 0.0) -> Frame:
        """Run every model once, teachers first: student-first costs a tenth of a step in page faults."""
        seen = self.view(batch)
        with torch.no_grad():
            teachers = {name: teacher(seen, self.need[name]) for name, teacher in self.teachers.items()}
        peers = {name: peer(seen, self.need[name]) for name, peer in self.peers.items()}
        student, others = self.student(batch, self.need["student"]), self._others()
        return Frame(
            student=student,
            batch=batch,
            student_as=self.bus(student),
            teachers=teachers,
            peers=peers,
            switch={name: partial(teacher.upper, seen) for name, teacher in self.teachers.items()},
            pairs=self._pairs(student, {**teachers, **peers}, seen),
            taught={name: seen.has(model.inputs) for name, model in others.items()},
            all_taught=frozenset(name for name, model in others.items() if seen.has_all(model.inputs)),
            seen=seen,
            progress=progress,
        )

    def prepare(self, batches: Callable[[], Iterable[Batch]]) -> None:
        """Let every distiller that wants it look at the training data once, before the first step."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            for distiller in self.distillers.values():
                if type(distiller).prepare is not Distiller.prepare:
                    distiller.prepare(self.frame(batch) for batch in batches())
        self.train(was_training)

    def _supervised(self, name: str, task: Task, frame: Frame) -> Tensor:
        output, labelled = frame.student.outputs[name], frame.labelled.get(name)
        if labelled is None:
            return output.sum() * 0.0  # no sample of this batch has the label
        loss = task.loss(output, task.targets(frame.labels[name], frame.student.tokens))
        return over_rows(loss, None if name in frame.batch.all_labelled else labelled)

    def _pairs(self, student: Embedding, others: Mapping[str, Embedding], seen: Batch) -> dict[tuple[str, str], Pairs]:
        wanted = dict.fromkeys(name for d in self.distillers.values() if d.paired for name in d.reads)
        own = student.need_tokens("student") if wanted else None
        return {("student", name): pair_tokens(own, others[name].need_tokens(name), seen) for name in wanted if own}

    def _connect(self) -> None:
        models = {"student": self.student, **self._others()}
        for label, distiller in self.distillers.items():
            for name in (distiller.teacher, *distiller.reads):
                if name not in models:
                    raise unknown(f"teacher of distiller {label!r}", name, [*self.teachers, *self.peers])
            distiller.connect(models, self.tasks)
        read = {name for distiller in self.distillers.values() for name in (distiller.teacher, *distiller.reads)}
        self.teachers = {name: teacher for name, teacher in self.teachers.items() if name in read}

    def _declared(self) -> dict[str, Need]:
        need = {name: Need() for name in ("student", *self.teachers, *self.peers)}
        for distiller in self.distillers.values():
            for name, wish in distiller.needs().items():
                need[name] |= wish
        return need

    def _others(self) -> dict[str, Adapter]:
        return {**self.teachers, **self.peers}  # type: ignore[dict-item]

    def _widths(self) -> dict[str, dict[str, tuple[int, int]]]:
        widths: dict[str, dict[str, tuple[int, int]]] = {}
        others = self._others()
        for distiller in (d for d in self.distillers.values() if d.projects):
            teacher = others[distiller.teacher]
            pair = {
                "pooled": (self.student.width, teacher.width),
                "tokens": (self.student.token_width, teacher.token_width),
            }
            widths.setdefault(distiller.teacher, {}).update({part: pair[part] for part in distiller.projects})
        return {name: parts for name, parts in widths.items() if parts}

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Move the teachers along with the rest (`.to`, `.double`), although they are no sub-modules."""
        for teacher in self.teachers.values():
            teacher._apply(fn)  # type: ignore[no-untyped-call]
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
