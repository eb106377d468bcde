"""Frames and terms as a balance sees them, small and made by hand."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from xmodal.balance import (
    Agreement,
    Balance,
    FixedWeights,
    GradientSurgery,
    Homoscedastic,
    PerSamplePrecision,
    TeacherDropping,
    WarmUp,
)
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Batch

B, D, C = 6, 4, 3


def frame(
    *,
    outputs: Mapping[str, Tensor] | None = None,
    pooled: Tensor | None = None,
    tokens: Tensor | None = None,
    teachers: Mapping[str, Tensor] | None = None,
    taught: Mapping[str, Tensor] | None = None,
    progress: float = 0.0,
) -> Frame:
    """A frame with the given tensors; teachers by name: their pooled vectors."""
    student = Embedding(pooled=pooled, tokens=None if tokens is None else Tokens(tokens), outputs=outputs or {})
    others = {name: Embedding(pooled=x) for name, x in (teachers or {}).items()}
    size = len(next(iter((teachers or outputs or {"": torch.zeros(B)}).values())))
    everywhere = {name: torch.ones(size, dtype=torch.bool) for name in others}
    batch = Batch(keys=tuple(map(str, range(size))), entries={}, index=torch.arange(size))
    return Frame(
        student=student, batch=batch, teachers=others, taught={**everywhere, **(taught or {})}, progress=progress
    )


class Scene:
    """A student of one matrix, its logits, and terms that depend on them: one supervised, three distilled, one scalar.

    Attributes:
        student: [D, C], the leaf.
        frame, terms: of one step.
    """

    def __init__(self, *, progress: float = 0.0, dtype: torch.dtype = torch.float64) -> None:
        make = torch.Generator().manual_seed(3)

        def draw(*shape: int) -> Tensor:
            return torch.randn(shape, generator=make, dtype=torch.float64)

        images, self.student = draw(B, D), draw(D, C).requires_grad_()
        features = images @ self.student  # [B, C]
        logits = features @ draw(C, C)
        labels = torch.tensor([0, 1, 2, 0, 1, 2])
        teachers = {"dino": draw(B, D), "lidar": draw(B, D)}
        cross_entropy = torch.nn.functional.cross_entropy
        self.frame = frame(outputs={"kind": logits}, pooled=features, teachers=teachers, progress=progress)
        self.terms = {
            "task/kind": cross_entropy(logits, labels, reduction="none"),
            "dino/kind": cross_entropy(logits, draw(B, C).softmax(-1), reduction="none"),
            "dino/cosine": (features - draw(B, C)).square().mean(1),
            "lidar/kind": cross_entropy(logits, draw(B, C).softmax(-1), reduction="none"),
            "relation/distance": features.std(),
        }
        self.terms = {name: term.to(dtype) for name, term in self.terms.items()}


BUILDERS = {
    "fixed": FixedWeights,
    "dropping": lambda w=None: TeacherDropping({"dino": ("dino",), "lidar": ("lidar",)}, weights=w),
    "kendall": lambda w=None: Homoscedastic(("task", "dino", "relation/distance"), weights=w),
    "lmr": lambda w=None: Homoscedastic(("task", "dino"), form="lmr", weights=w),
    "released": lambda w=None: PerSamplePrecision(("task", "dino"), width=D, teacher="dino", weights=w),
    "map": lambda w=None: PerSamplePrecision(("dino/kind", "relation"), width=D, teacher="dino", form="map", weights=w),
    "agreement": lambda w=None: Agreement("kind", "dino/kind", stages={"dino/cosine": "relation/distance"}, weights=w),
    "surgery": lambda w=None: GradientSurgery(weights=w),
    "surgery in groups": lambda w=None: GradientSurgery(
        {"labels": ("task",), "teachers": ("dino", "lidar")}, order="fixed", weights=w
    ),
    "scheduled": lambda w=None: FixedWeights({"dino": WarmUp(to=2.0, until=0.5, start=1.0), **(w or {})}),
}


def built(name: str, weights: Mapping[str, float] | None = None) -> Balance:
    """One of `BUILDERS`, in float64 and training mode, always with the same parameters."""
    torch.manual_seed(5)
    return BUILDERS[name](weights).double().train()
