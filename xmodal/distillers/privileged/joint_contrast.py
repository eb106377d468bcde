"""A teacher that trains along and the student find each other's embeddings; one of two terms leaves the teacher alone.

C-CKD, "Multimodal training to unimodal deployment", arXiv 2603.22530, whose equations were not readable: this is a
re-implementation from the description, with the symmetric InfoNCE in the batch in both terms, which is ours.
Evidence: described; ancestor (CRD, InfoNCE); ours (equations).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.balance.base import lifted
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import contrastive_loss, info_nce_loss, soft_label_loss

Positives = Literal["sample", "label"]
FAR = -1e9  # the logit of a sample that is not compared; finite, because its share of 0 is multiplied with it


class JointContrast(Distiller):
    """Terms "contrast", InfoNCE(u, v), which trains both models, and "distil", InfoNCE(u, sg v); both [B].

    u is the student in the peer's width, v the peer. With the weight of "contrast" at 0 the peer learns from its
    labels alone (`Supervised`).

    Args:
        teacher: the peer.
        positives: "sample", the same sample alone; "label", all samples with the same label of `task`, which share
            the target alike. A sample without label has itself alone, and is a negative of all others.
        task: a classification; for "label".
        temperature: of the cosines.

    Raises:
        ValueError: an unknown form, or "label" without a task.
    """

    projects = frozenset({"pooled"})

    def __init__(
        self,
        *,
        teacher: str = "teacher",
        positives: Positives = "sample",
        task: str = "",
        temperature: float = 0.07,
    ) -> None:
        super().__init__(teacher)
        if positives not in ("sample", "label"):
            raise ValueError(f'unknown positives {positives!r}; known: "sample", "label"')
        if positives == "label" and not task:
            raise ValueError('positives="label" needs the name of a task')
        self.positives, self.task, self.temperature = positives, task, temperature

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student = frame.student_as[self.teacher].need_pooled("student")
        peer, taught = frame.other(self.teacher).need_pooled(self.teacher), frame.taught[self.teacher]
        if self.positives == "sample":
            contrast, distil = self._by_sample(student, peer, taught)
        else:
            same = self._same(frame)
            contrast = self._by_label(student, peer, same, taught)
            distil = self._by_label(student, peer.detach(), same, taught)
        return {"contrast": over_rows(contrast, taught), "distil": over_rows(distil, taught)}

    def _by_sample(self, student: Tensor, peer: Tensor, taught: Tensor) -> tuple[Tensor, Tensor]:
        there, back = (
            info_nce_loss(a, b, temperature=self.temperature, trained="both", mask=taught, reduction="none")
            for a, b in ((student, peer), (peer, student))
        )
        distil = contrastive_loss(student, peer, temperature=self.temperature, mask=taught, reduction="none")
        return (there + back) / 2, distil

    def _by_label(self, student: Tensor, peer: Tensor, same: Tensor, taught: Tensor) -> Tensor:
        """[B]: cross-entropy of each row, and of each column, with equal shares for all its positives."""
        with torch.autocast(student.device.type, enabled=False):
            own, theirs = (F.normalize(lifted(x), dim=1) for x in (student, peer))
            logits = own @ theirs.T / self.temperature
        absent = ~taught & ~torch.eye(len(taught), dtype=torch.bool, device=taught.device)
        target = same.to(logits.dtype).log()  # 0 and -inf: the softmax gives each positive the same share
        target = target.masked_fill(absent, -torch.inf)
        there, back = (x.masked_fill(absent, FAR) for x in (logits, logits.T))
        rows, columns = (soft_label_loss(x, target, mask=taught, reduction="none") for x in (there, back))
        return (rows + columns) / 2

    def _same(self, frame: Frame) -> Tensor:
        """[B, B] bool: which samples are positives of each other."""
        itself = torch.eye(len(frame.index), dtype=torch.bool, device=frame.index.device)
        labelled = frame.labelled.get(self.task)
        if labelled is None:
            return itself
        label: Tensor = frame.labels[self.task]
        return itself | ((label.unsqueeze(0) == label.unsqueeze(1)) & labelled.unsqueeze(0) & labelled.unsqueeze(1))
