"""What the distillers with a head for each teacher share: targets of one scale, and terms per teacher and kind.

The frame of AM-RADIO, UNIC and Theia (see the classes). Evidence: ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.balance import Standardizer
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.pairs import carry
from xmodal.tasks import Task

PARTS = ("summary", "tokens")


class TeacherHeads(Distiller):
    """Terms "summary" [B] (the teacher's pooled vector) and "tokens" [B] (its tokens, carried over the pairs).

    One distiller for each teacher, so that a balance can weigh and drop teachers by name.

    Args:
        targets: which of the two, and how the teacher's side is standardised: by "summary" and "tokens", a
            `Standardizer` of that width or None for the features as they are.
        teacher: whose.

    Raises:
        ValueError: no target, or one of another kind.
    """

    def __init__(self, targets: Mapping[str, Standardizer | None], *, teacher: str = "teacher") -> None:
        super().__init__(teacher)
        if not targets or not set(targets) <= set(PARTS):
            raise ValueError(f"targets: expected some of {', '.join(PARTS)}, found {', '.join(targets) or 'none'}")
        self.parts = tuple(part for part in PARTS if part in targets)
        self.standardizers = nn.ModuleDict({part: node for part, node in targets.items() if node is not None})
        self.paired = "tokens" in self.parts

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        student, teacher = models["student"], models[self.teacher]
        widths = {"summary": teacher.width, "tokens": teacher.token_width}
        for part in self.parts:
            if not widths[part]:
                raise ValueError(f"teacher {self.teacher!r} has no {part}")
        self.heads = nn.ModuleDict({part: self.head(student, part, widths[part]) for part in self.parts})

    def needs(self) -> Mapping[str, Need]:
        need = Need(pooled="summary" in self.parts, tokens="tokens" in self.parts)
        return {"student": need, self.teacher: need}

    def prepare(self, frames: Iterable[Frame]) -> None:
        rows: dict[str, list[Tensor]] = {part: [] for part in self.standardizers}
        for frame in frames:
            for part, found in rows.items():
                x, kept = self.teaching(frame, part)
                found.append(x[kept])
        for part, found in rows.items():
            self._standardizer(part).fit(found)

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        return {part: getattr(self, f"_{part}")(frame) for part in self.parts}

    def head(self, student: Adapter, part: str, width: int) -> nn.Module:
        """The module from the student to a teacher's width."""
        raise NotImplementedError

    def learned(self, frame: Frame, part: str) -> Tensor:
        """What the head makes of the student: [B, D] or [B, N, D]."""
        source = frame.student.need_pooled("student") if part == "summary" else frame.student.need_tokens("student").x
        out: Tensor = self.heads[part](source)
        return out

    def summary_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        """[B]."""
        raise NotImplementedError

    def token_loss(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        """[B, N], or [B] of whole samples, where mask [B, N] says which count."""
        raise NotImplementedError

    def teaching(self, frame: Frame, part: str) -> tuple[Tensor, Tensor]:
        """The teacher's features and which of them count: [B, D] and [B], or [B, N, D] and [B, N]."""
        other, taught = frame.other(self.teacher), frame.taught[self.teacher]
        if part == "summary":
            return other.need_pooled(self.teacher).detach(), taught
        tokens: Tokens = other.need_tokens(self.teacher)
        return tokens.x.detach(), tokens.mask() & taught.unsqueeze(1)

    def target(self, frame: Frame, part: str) -> tuple[Tensor, Tensor]:
        """The same, standardised; what does not count is zero."""
        x, kept = self.teaching(frame, part)
        if part not in self.standardizers:
            return torch.where(kept.unsqueeze(-1), x, 0), kept
        return self._standardizer(part)(x, progress=frame.progress, mask=kept), kept

    def _standardizer(self, part: str) -> Standardizer:
        found = self.standardizers[part]
        assert isinstance(found, Standardizer)
        return found

    def _summary(self, frame: Frame) -> Tensor:
        target, kept = self.target(frame, "summary")
        return over_rows(self.summary_loss(self.learned(frame, "summary"), target, kept), kept)

    def _tokens(self, frame: Frame) -> Tensor:
        target, _ = self.target(frame, "tokens")
        student = self.learned(frame, "tokens")
        carried, reached = carry(target, frame.pairs["student", self.teacher], student.shape[1])
        reached = reached & frame.taught[self.teacher].unsqueeze(1)
        values = self.token_loss(student, carried, reached)
        return over_rows(values, reached.any(1)) if values.ndim == 1 else mean_over(values, reached)
