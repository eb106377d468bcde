"""The width of the gap between student and teacher decides how features are compared, and when logits take over.

GPD of MuDD, arXiv 2603.26064, from skin response to video and audio; its equations are published in no form we could
read. Evidence: described (re-implementation from the description). Ours: that the gap is 1 - CKA, the three feature
losses, the rule of the router and the power of the schedule.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import cosine_loss, kd_loss, rkd_distance_loss, unbiased_linear_cka
from xmodal.tasks import Task

PLACES = (0.0, 0.5, 1.0)
"""The gap at which each feature loss counts most: direct, through a projector, relational."""
FEWEST = 4
"""Samples from which on the gap can be estimated."""


class ProgressiveGuidance(Distiller):
    """Terms "feature" and "logits"; the first fades out in favour of the second.

    A wide gap asks for relations between samples alone, a narrow one for the features themselves. The router is a
    fixed rule: one that learned by descending its own loss would choose whichever is smallest. Pooled vectors have no
    time axis, so that a slow sensor needs no alignment in time.

    Args:
        task: a classification task that both models answer.
        teacher: whose pooled vectors and answers; of the student's width, for the direct comparison.
        temperature: of both sides' logits; times its square.
        momentum: of the running gap.
        spread: of the router: the smaller, the more a single feature loss counts.
        delay: logits count progress ** (1 + delay * gap): the wider the gap, the later they take over.
    """

    projects = frozenset({"pooled"})
    gap: Tensor
    places: Tensor

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        temperature: float = 4.0,
        momentum: float = 0.9,
        spread: float = 0.25,
        delay: float = 1.0,
    ) -> None:
        super().__init__(teacher)
        if not 0 <= momentum < 1 or spread <= 0 or delay < 0:
            found = f"{momentum}, {spread} and {delay}"
            raise ValueError(f"expected momentum in [0, 1), spread > 0 and delay >= 0, found {found}")
        self.task, self.temperature = task, temperature
        self.momentum, self.spread, self.delay = momentum, spread, delay
        self.register_buffer("gap", torch.tensor(1.0))
        self.register_buffer("places", torch.tensor(PLACES), persistent=False)

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        widths = models["student"].width, models[self.teacher].width
        if widths[0] != widths[1]:
            raise ValueError(f"features are compared directly: expected one width, found {widths[0]} and {widths[1]}")

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        other, taught = frame.other(self.teacher), frame.taught[self.teacher]
        student, teacher = frame.student.need_pooled("student"), other.need_pooled(self.teacher).detach()
        self._follow(student, teacher, taught)
        projected = frame.student_as[self.teacher].need_pooled("student")
        direct, through, related = self.route()
        feature = direct * cosine_loss(student, teacher, reduction="none")
        feature = feature + through * cosine_loss(projected, teacher, reduction="none")
        feature = feature + related * rkd_distance_loss(student, teacher, mask=taught)
        logits = frame.student.outputs[self.task], other.outputs[self.task].detach()
        answer = kd_loss(*logits, temperature=self.temperature, reduction="none")
        share = self.share(frame.progress)
        return {"feature": over_rows((1 - share) * feature, taught), "logits": over_rows(share * answer, taught)}

    def route(self) -> Tensor:
        """[3]: how much the direct, the projected and the relational comparison count; they sum to 1."""
        return (-0.5 * ((self.gap - self.places) / self.spread).square()).softmax(0)

    def share(self, progress: float) -> Tensor:
        """How much logits count: 0 at first, 1 in the end whatever the gap."""
        return torch.as_tensor(progress, dtype=self.gap.dtype, device=self.gap.device) ** (1 + self.delay * self.gap)

    @torch.no_grad()
    def _follow(self, student: Tensor, teacher: Tensor, taught: Tensor) -> None:
        if not self.training or int(taught.sum()) < FEWEST:
            return
        now = 1 - unbiased_linear_cka(student, teacher, mask=taught).clamp(0, 1)
        # A new tensor, since the old one may still be part of a graph.
        self.gap = self.momentum * self.gap + (1 - self.momentum) * now.to(self.gap.dtype)
