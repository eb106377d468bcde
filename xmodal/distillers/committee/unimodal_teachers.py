"""Each sensor's branch of a multi-modal model learns from a model that was trained with that sensor alone.

SynLeaF, arXiv 2603.22369, here a re-implementation from the description; equation of its ancestor, the uni-modal
teacher (UMT). Evidence: described; ancestor (UMT), recalled.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.errors import unknown
from xmodal.losses import hint_loss


class UnimodalTeachers(Distiller):
    """mean_D (phi_m - sg phi_m^uni)^2, one term for each part m, named after it.

    phi_m is the pooled vector of the student's part m, or the mean of its tokens; phi_m^uni the pooled vector of the
    teacher, which is of the part's own architecture: widths must agree. A sample without the part's sensor counts
    nothing. The uni-modal ensemble of the source is another term, `AverageCommittee` with the same teachers.

    Args:
        parts: by part of the student: its teacher.

    Raises:
        ValueError: no part.
    """

    def __init__(self, parts: Mapping[str, str]) -> None:
        if not parts:
            raise ValueError("parts: expected teachers by part of the student such as {'image': 'eye'}, found none")
        super().__init__(next(iter(parts.values())))
        self.of_part, self.reads = dict(parts), tuple(dict.fromkeys(parts.values()))

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, object]) -> None:
        student = models["student"]
        own = getattr(getattr(student, "adapter", student), "parts", None)
        for part, teacher in self.of_part.items():
            if not isinstance(own, nn.ModuleDict) or part not in own:
                raise unknown("part of the student", part, own if isinstance(own, nn.ModuleDict) else ())
            width = getattr(own[part], "token_width", 0) or getattr(own[part], "width", 0)
            if width != models[teacher].width:
                raise ValueError(f"part {part!r} has width {width}, its teacher {teacher!r} {models[teacher].width}")

    def needs(self) -> Mapping[str, Need]:
        return {name: Need(pooled=True) for name in self.reads}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        return {part: self._term(frame, part, teacher) for part, teacher in self.of_part.items()}

    def _term(self, frame: Frame, part: str, teacher: str) -> Tensor:
        kept, target = frame.taught[teacher], frame.other(teacher).need_pooled(teacher).detach()
        own = frame.student.parts.get(part)
        if own is None:  # no sample of this batch has the sensor
            return target.new_zeros(len(target))
        return over_rows(hint_loss(summary(own, part), target, reduction="none", mask=kept), kept)


def summary(embedding: Embedding, owner: str) -> Tensor:
    """[B, D]: the pooled vector, or the mean of the tokens."""
    return embedding.need_tokens(owner).mean() if embedding.pooled is None else embedding.pooled
