"""Each sensor's feature is denoised towards a weighted fusion of all, so that any one can stand alone.

Purify-then-Align (PTA), CVPR 2026, arXiv 2604.05584 (code Vongolia11/PTA), on DiffKD, NeurIPS 2023. Evidence:
described (the paper's form: a re-implementation from the description); exact (DIST and the span of levels of the
released code). Ours: pooled vectors for sequences, the held-out share of the training labels, the outer loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Model
from xmodal.bus import Embedding, Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.missing.modality_weights import ModalityWeights
from xmodal.losses import DiffKDTokensLoss, DISTLoss, HintLoss
from xmodal.tasks import Task

Form = Literal["paper", "code"]


class PurifyThenAlign(Distiller):
    """Terms "purify" (trains the sensors), "head" and "weights" (train this distiller alone). Needs no teacher.

    "purify" is DiffKD of each sensor towards the fusion without gradient, averaged over the sensors; a sensor that is
    absent from a sample, or dropped by the model, takes no part in it. The weights are learned on one in `hold_out`
    labelled training samples, which the head that judges them does not train on; the sensors' own encoders do, since
    the task's labels are those of the student alone. Neither validation nor test samples are touched.
    The released code also feeds the denoised features into the model's fusion; here they are compared only.

    Args:
        task: a classification task.
        parts: of the model's `Embedding.parts`: the sensors; all of one width.
        model: whose parts, "student" or a peer.
        form: "paper" compares latents by the mean squared error; "code" by DIST, denoising over all levels.
        hold_out: one labelled sample in so many is for the weights.
        latent_width: of the teacher's autoencoder; None for half the features' width.
    """

    def __init__(
        self,
        task: str,
        *,
        parts: Sequence[str],
        model: str = "student",
        form: Form = "paper",
        hold_out: int = 4,
        latent_width: int | None = None,
    ) -> None:
        super().__init__(model)
        if form not in ("paper", "code"):
            raise ValueError(f"form must be 'paper' or 'code', got {form!r}")
        if isinstance(parts, str) or len(set(parts)) < 2 or len(set(parts)) < len(parts):
            raise ValueError(f"parts: expected two or more names of parts, each once, found {parts!r}")
        if hold_out < 2:
            raise ValueError(f"hold_out: expected one in two or more, found one in {hold_out}")
        self.task, self.parts, self.form = task, tuple(parts), form
        self.hold_out, self.latent_width = hold_out, latent_width

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        model = models[self.teacher]
        inside = getattr(model.adapter if isinstance(model, Model) else model, "parts", {})
        if any(name not in inside for name in self.parts):
            raise ValueError(f"{self.teacher!r} has the parts {sorted(inside)}, expected {sorted(self.parts)}")
        widths = {inside[name].token_width or inside[name].width for name in self.parts}
        if len(widths) > 1:
            raise ValueError(f"the fusion adds features up: expected parts of one width, found {sorted(widths)}")
        classes = getattr(tasks[self.task], "classes", None)
        if classes is None or tasks[self.task].level != "pooled":
            raise ValueError(f"expected a task with one class a sample, found {self.task!r}")
        (width,) = widths
        self.sensors = ModalityWeights(len(self.parts), width, len(classes))
        self.denoise = nn.ModuleDict({name: self._denoiser(width) for name in self.parts})

    def _denoiser(self, width: int) -> DiffKDTokensLoss:
        if self.form == "paper":
            return DiffKDTokensLoss(width, width, latent_width=self.latent_width, distance=HintLoss())
        return DiffKDTokensLoss(width, width, latent_width=self.latent_width, distance=DISTLoss(), span="whole")

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        own = self.teacher == "student"
        embedding, batch = (
            (frame.student, frame.batch) if own else (frame.other(self.teacher), frame.seen or frame.batch)
        )
        features, there = _stacked(embedding, self.parts)  # [B, M, D], [B, M]
        fused = self.sensors.fuse(features, there).detach()
        terms = {"purify": self._purify(features, fused, there)}
        known = batch.labelled.get(self.task)
        kind = batch.labels[self.task].clamp_min(0) if known is not None else torch.zeros_like(batch.index)
        known = torch.zeros_like(there[:, 0]) if known is None else known & there.any(1)
        held_out = batch.index % self.hold_out == 0
        terms["head"] = over_rows(self.sensors.inner(features, there, kind), known & ~held_out)
        terms["weights"] = over_rows(self.sensors.outer(features, there, kind), known & held_out)
        return terms

    def _purify(self, features: Tensor, fused: Tensor, there: Tensor) -> Tensor:
        """Scalar: the mean of DiffKD over the sensors that at least two samples have: it takes batch statistics."""
        enough = [m for m in range(len(self.parts)) if int(there[:, m].sum()) > 1]
        if not enough:
            return features.sum() * 0.0
        losses = [self.denoise[self.parts[m]](features[:, m], fused, mask=there[:, m]) for m in enough]
        return torch.stack(losses).mean()


def _stacked(embedding: Embedding, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """[B, M, D] the mean token of each part, and [B, M] bool which samples have it; zeros where they do not."""
    found = {name: embedding.parts[name].need_tokens(name) for name in names if name in embedding.parts}
    if not found:
        raise ValueError(f"expected one of the parts {sorted(names)}, found {sorted(embedding.parts)}")
    some = next(iter(found.values())).x
    nothing = some.new_zeros(len(some), some.shape[-1])
    features = [found[name].mean() if name in found else nothing for name in names]
    there = [found[name].mask().any(1) if name in found else nothing[:, 0].bool() for name in names]
    return torch.stack(features, dim=1), torch.stack(there, dim=1)
