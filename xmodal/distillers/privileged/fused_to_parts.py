"""What all sensors say together is taught back to each of them, so that none leans on another.

Distillation-based modality consistency (DMC) of DecepGPT, arXiv 2603.23916; its equations are published in no form we
could read. Evidence: described (re-implementation from the description). The divergence, its temperature and its
direction are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import kd_loss


class FusedToParts(Distiller):
    """T^2 KL(fused || part), one term for each part; the fused answer gets no gradient.

    Without that stop the fused model would be dragged to the weaker sensor. Fused model and parts learn the task from
    the labels by `Supervised` where they are peers.

    Args:
        task: a classification task that all of them answer.
        fused: the peer or teacher that has all sensors.
        parts: models of one sensor each: "student", and peers.
        temperature: of both sides.
    """

    def __init__(
        self, task: str, *, fused: str = "fused", parts: Sequence[str] = ("student",), temperature: float = 2.0
    ) -> None:
        super().__init__(fused)
        if isinstance(parts, str) or not parts or fused in parts or len(set(parts)) < len(parts):
            raise ValueError(f"parts: expected several models other than {fused!r}, each once, found {parts!r}")
        self.task, self.parts, self.temperature = task, tuple(parts), temperature
        self.reads = (fused, *(name for name in parts if name != "student"))

    def needs(self) -> Mapping[str, Need]:
        return {name: Need() for name in ("student", *self.reads)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        fused, known = frame.other(self.teacher).outputs[self.task].detach(), frame.taught[self.teacher]
        terms = {}
        for name in self.parts:
            part, there = frame.student, known
            if name != "student":
                part, there = frame.peers[name], known & frame.taught[name]
            divergence = kd_loss(part.outputs[self.task], fused, temperature=self.temperature, reduction="none")
            terms[name] = over_rows(divergence, there)
        return terms
