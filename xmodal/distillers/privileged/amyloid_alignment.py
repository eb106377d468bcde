"""The alignment phase of PET-free amyloid: a teacher's fused embedding moves to its PET and away from others' PET.

Chiumento et al., PET-guided MRI amyloid detection, arXiv 2604.12574, training/train_main.py of the authors.
Evidence: exact; ours (negatives from the batch instead of the whole set, mean cosine over different samples only).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.balance.base import lifted
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import triplet_loss

APART = (5.0, 15.0, 10.0, 5.0, 2.5, 1.0)
"""Centiloids. The source asks for 5 and falls back to the others in this order; 15, 10 and 5 can find nobody then."""


class AmyloidAlignment(Distiller):
    """For a teacher's own training (`teacher_distillers`); the trained model is a `SliceAttention` of two entries.

    Anchor a: PET asks MRI. Positive p: PET asks itself. Negative n: another patient's PET asks itself, its slices
    without gradient. All three are trained. Terms:

    - "triplet", [B]: relu(|a - p| - |a - n| + margin);
    - "norm", [B]: |a| + |p| + |n|; the source weighs it 0.01;
    - "spread", a scalar: relu(mean cos(a_i, a_j) - 0.5). The source computes it without gradient, so that it shifts
      the value of the loss and teaches nothing; so it is here;
    - "negative", a scalar: relu(mean cos(a, n) + 0.1), with half the weight of "spread", which rises from 0.1 to 1.

    A negative is drawn from the samples whose grade differs by the first number of `apart` that anybody reaches; if
    nobody reaches any, it is the most different one, or anybody. So it may share the anchor's class.

    Args:
        task: whose label is the grade: a measured value such as Centiloids, or a class number.
        apart: least differences of grade, in the order in which they are tried.
        margin: of the triplet.
    """

    def __init__(self, task: str, *, apart: Sequence[float] = APART, margin: float = 1.0) -> None:
        super().__init__("student")
        if not apart or min(apart) <= 0:
            raise ValueError(f"apart: expected differences above 0, found {tuple(apart)}")
        self.task, self.apart, self.margin = task, tuple(apart), margin

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True, tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        anchor = lifted(frame.student.need_pooled("student"))
        positive, pushed = (_part(frame, name) for name in ("query", "negative"))
        known = frame.labelled.get(self.task)
        if known is None or known.sum() < 2:
            zero = (anchor.sum() + positive.sum() + pushed.sum()) * 0.0
            return dict.fromkeys(("triplet", "norm", "spread", "negative"), zero)
        negative = pushed[negatives(frame.labels[self.task].float(), known, self.apart)]
        triplet = triplet_loss(
            anchor, positive, negative=negative, margin=self.margin, teacher_gradient="full", mask=known,
            reduction="none",
        )  # fmt: skip
        norm = anchor.norm(dim=1) + positive.norm(dim=1) + negative.norm(dim=1)
        away = F.cosine_similarity(anchor[known], negative[known], dim=1).mean()
        return {
            "triplet": over_rows(triplet, known),
            "norm": over_rows(norm, known),
            "spread": F.relu(_alike(anchor[known]) - 0.5),
            "negative": F.relu(away + 0.1),
        }


def negatives(grade: Tensor, known: Tensor, apart: Sequence[float]) -> Tensor:
    """[B]: for each sample the number of another one that is far from it in grade [B], among those known [B] bool."""
    grade = grade.nan_to_num()  # of a sample without one, whose row is not read
    gap = (grade.unsqueeze(0) - grade.unsqueeze(1)).abs()
    others = known & ~torch.eye(len(grade), dtype=torch.bool, device=grade.device)
    gap = gap.masked_fill(~others, -1)
    chosen = others & (gap == gap.amax(1, keepdim=True))  # all of them where nobody differs
    for least in reversed(apart):
        far = others & (gap >= least)
        chosen = torch.where(far.any(1, keepdim=True), far, chosen)
    return torch.multinomial(chosen.float(), 1).squeeze(1)


@torch.no_grad()
def _alike(x: Tensor) -> Tensor:
    """The mean cosine of different rows of x [B, D]."""
    x = F.normalize(x, dim=1)
    count = len(x)
    return (x.sum(0).square().sum() - count) / (count * (count - 1))


def _part(frame: Frame, name: str) -> Tensor:
    if name not in frame.student.parts:
        raise ValueError(f"alignment needs the part {name!r} of a SliceAttention of two entries; the model has none")
    return lifted(frame.student.parts[name].need_pooled(name))
