"""A branch that sees both sensors is trained beside the student, which learns its class scores; then it is dropped.

2DPASS (ECCV 2022), code yanx27/2DPASS: at each scale an image feature and a learned copy of the student's are gated
into one; both classify each point, and the student's scores follow the fused ones, never the other way round.
Evidence: exact; recalled (that the image network is trained along); ours (tokens instead of points, cross-entropy
without class weights, averages over samples first).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.distillers.geometry._point_pairs import pairs_of_layers
from xmodal.losses import kd_loss, lovasz_loss
from xmodal.pairs import carry
from xmodal.tasks import Segmentation, Task
from xmodal.tasks.base import IGNORE


class FusedBranch(Distiller):
    """Terms, over S scales; seg = cross-entropy + Lovasz loss on the labelled tokens.

    - "points": sum of seg(z), the scores of the student's layers;
    - "fused": seg(z_fused) / S, and "final": seg of a classifier of all fused features, where the image sees the token;
    - "kl": KL(softmax(sg z_fused) || softmax(z)) / S, the mean over tokens and classes, as in the source, whose weight
      of 0.05 belongs to that mean. Labels are not needed.

    The labels of the fused branch reach the student through its copied features, and train a peer too; a teacher is
    frozen. The source trains its image network along.

    Args:
        task: a segmentation task.
        teacher: the model of the other sensor.
        layers: (student layer, teacher layer) of each scale.
        width: of the fused features.
    """

    def __init__(
        self,
        task: str = "segmentation",
        *,
        teacher: str = "teacher",
        layers: Sequence[tuple[int, int]] = ((-2, -2), (-1, -1)),
        width: int = 64,
    ) -> None:
        super().__init__(teacher)
        if not layers or any(len(pair) != 2 for pair in layers):
            raise ValueError(f"expected (student layer, teacher layer) pairs, found {tuple(layers)}")
        self.task, self.layers, self.width = task, tuple((a, b) for a, b in layers), width
        self.scales = nn.ModuleList()
        self.classify: nn.Module = nn.Identity()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        task = tasks.get(self.task)
        if not isinstance(task, Segmentation):
            raise ValueError(f"{self.task!r} is no segmentation task")
        self.segmentation, classes = task, len(task.classes)
        own, theirs = models["student"].layer_widths, models[self.teacher].layer_widths
        self.scales = nn.ModuleList(_Scale(own[a], theirs[b], self.width, classes) for a, b in self.layers)
        self.classify = _scores(self.width * len(self.layers), self.width, classes)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True, layers=True), self.teacher: Need(layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        taught = frame.taught[self.teacher]
        target = self._targets(frame)
        points, fused, divergence, features = [], [], [], []
        seen = taught.unsqueeze(1)
        for scale, (a, b) in zip(self.scales, self.layers, strict=True):
            own, theirs = frame.student.layers[a], frame.other(self.teacher).layers[b]
            pairs = pairs_of_layers(own, theirs, frame, taught)
            picture, reached = carry(theirs.x, pairs, own.x.shape[1])
            seen = seen & reached
            z, z_fused, both = scale(own.x, picture.to(own.x.dtype))
            points.append(self._seg(z, target))
            fused.append(self._seg(z_fused, torch.where(reached, target, IGNORE)))
            each = kd_loss(z, z_fused, temperature=1.0, reduction="none") / z.shape[-1]  # detaches its second argument
            divergence.append(mean_over(each, reached))
            features.append(both)
        final = self._seg(self.classify(torch.cat(features, -1)), torch.where(seen, target, IGNORE))
        return {
            "points": torch.stack(points).sum(),
            "fused": torch.stack(fused).mean(),
            "final": final,
            "kl": torch.stack(divergence).mean(0),
        }

    def _targets(self, frame: Frame) -> Tensor:
        """[B, N]: the class of each token of the student, IGNORE where unknown."""
        tokens, labelled = frame.student.need_tokens("student"), frame.labelled.get(self.task)
        if labelled is None:
            return torch.full(tokens.x.shape[:2], IGNORE, device=tokens.x.device)
        target = self.segmentation.targets(frame.labels[self.task], tokens)
        return torch.where(labelled.unsqueeze(1), target, IGNORE)

    def _seg(self, scores: Tensor, target: Tensor) -> Tensor:
        known = target != IGNORE
        entropy = over_rows(self.segmentation.loss(scores, target), known.any(1)).mean()
        return entropy + lovasz_loss(scores, target.clamp_min(0), mask=known)


class _Scale(nn.Module):
    """(student features, image features at the same tokens) -> student scores, fused scores, fused features."""

    def __init__(self, own: int, theirs: int, width: int, classes: int) -> None:
        super().__init__()
        self.copy = nn.Linear(own, width)
        self.join = nn.Linear(theirs + width, width)
        self.gate = nn.Linear(width, width)
        self.of_points, self.of_both = _scores(own, width, classes), _scores(width, width, classes)

    def forward(self, own: Tensor, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        joined = self.join(torch.cat([picture, self.copy(own).relu()], -1))
        fused = (joined * torch.sigmoid(self.gate(joined))).relu()
        return self.of_points(own), self.of_both(fused), fused


def _scores(width_in: int, hidden: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width_in, hidden), nn.ReLU(), nn.Linear(hidden, classes))
