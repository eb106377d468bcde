"""The student's visual tokens are judged by the frozen teacher: they run through its upper path, text and all.

Switch-KD (Li Auto, CVPR Findings 2026), arXiv 2604.14629: re-implementation from the description (the authors' figure
and README; the training code is not public). As in their figure, the switched logits are compared with the teacher's,
not with the student's; there is no learned gate. Matching of token grids, and a plain linear map to the teacher's
width, are ours. Evidence: described; ancestor (BiLD, for the default loss DBiLD).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.distillers.base import Distiller
from xmodal.distillers.switch._terms import check_bus_fits, compared
from xmodal.losses import DBiLDLoss
from xmodal.pairs import carry, inverse
from xmodal.tasks import Task

Match = Literal["grid", "pairs"]


class VisualSwitch(Distiller):
    """The student's tokens run through the frozen teacher's upper path; its logits judge theirs.

    Terms: "align", the student's own logits against the teacher's, and "switch", the switched logits against them.
    Gradient of "switch" passes through the frozen teacher into the student's visual path; nothing of the teacher, not
    its running statistics either, changes.

    Args:
        output: the task, or other output, that student and teacher answer: [B, C], or logits of each place [B, N, V].
        loss: `(student, teacher, mask=...)` of logits; DBiLD at temperature 2 if None.
        teacher: whose upper path; its adapter must offer `upper`.
        layer: the teacher's hidden layer that the student's tokens stand for; -1 for its tokens.
        match: how they come to the teacher's number. "grid": averaged or repeated over cells where the two regular
            grids differ; "pairs": each teacher token is the mean of the student tokens that look at the same, and is
            not valid where there is none.
        places: for next-token logits, the part of the teacher whose tokens say which places exist ("text" of a
            VisionLanguage); a place counts if the one that it foretells exists. All places count without it.

    Raises:
        ValueError: an unknown way to match; in use: grids that cannot be matched, an output that a model lacks.
    """

    projects = frozenset({"tokens"})

    def __init__(
        self,
        output: str,
        *,
        loss: nn.Module | None = None,
        teacher: str = "teacher",
        layer: int = -1,
        match: Match = "grid",
        places: str = "",
    ) -> None:
        super().__init__(teacher)
        if match not in get_args(Match):
            raise ValueError(f"match: expected one of {get_args(Match)}, found {match!r}")
        self.output, self.layer, self.match, self.places = output, layer, match, places
        self.loss = DBiLDLoss(temperature=2.0, reduction="none") if loss is None else loss
        self.paired = match == "pairs"

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        check_bus_fits(models[self.teacher], self.layer, "VisualSwitch")

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True, layers=self.layer != -1)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        teacher = frame.teachers[self.teacher]
        target = _answer(teacher, self.output, self.teacher)
        mask = self._mask(frame.taught[self.teacher], teacher, target)
        x, valid = self._tokens(frame)
        switched = frame.switch[self.teacher](x, valid, self.layer, None)
        seen = mask if valid is None else mask & valid.any(1).view(-1, *[1] * (mask.ndim - 1))
        return {
            "align": compared(self.loss, _answer(frame.student, self.output, "student"), target, mask),
            "switch": compared(self.loss, _answer(switched, self.output, self.teacher), target, seen),
        }

    def _tokens(self, frame: Frame) -> tuple[Tensor, Tensor | None]:
        """The student's tokens [B, N, D] in the teacher's width and number, and [B, N] which are valid."""
        own, teacher = frame.student_as[self.teacher].need_tokens("student"), frame.teachers[self.teacher]
        theirs = teacher.need_tokens(self.teacher) if self.layer == -1 else teacher.layers[self.layer]
        if self.match == "grid":
            return on_grid(own, theirs)
        return carry(own.x, inverse(frame.pairs["student", self.teacher]), theirs.x.shape[1])

    def _mask(self, taught: Tensor, teacher: Embedding, target: Tensor) -> Tensor:
        """[B], or [B, N] for logits of each place: which answers count."""
        if target.ndim == 2:
            return taught
        mask = taught.unsqueeze(1).expand(target.shape[:2])
        if not self.places:
            return mask
        exists = teacher.parts[self.places].need_tokens(self.places).mask()
        return mask & F.pad(exists[:, :-1] & exists[:, 1:], (0, 1))


def on_grid(own: Tokens, theirs: Tokens) -> tuple[Tensor, Tensor | None]:
    """Tokens [B, N, D] of one regular grid on another one over the same extent; and which are valid.

    Raises:
        ValueError: a grid is missing, or has another number of axes; or tokens to be averaged are not all valid.
    """
    if own.grid == theirs.grid and own.x.shape[1] == theirs.x.shape[1]:
        return own.x, own.valid
    if own.grid is None or theirs.grid is None or len(own.grid) != len(theirs.grid):
        raise ValueError(f'grids {own.grid} and {theirs.grid} do not match; match="pairs" needs none')
    if own.valid is not None and not bool(own.valid.all()):
        raise ValueError(f'tokens of {own.key!r} are not all valid, so their grid cannot be resized; use match="pairs"')
    cells = own.x.float().transpose(1, 2).reshape(len(own.x), -1, *own.grid)  # [B, D, *grid]
    return F.interpolate(cells, theirs.grid, mode="area").flatten(2).transpose(1, 2), None


def _answer(model: Embedding, output: str, owner: str) -> Tensor:
    if output not in model.outputs:
        raise ValueError(f"{owner} has no output {output!r}; it has {sorted(model.outputs)}")
    return model.outputs[output]
