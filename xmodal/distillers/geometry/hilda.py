"""A LiDAR student learns an image teacher's layers, its view of the whole, and to foresee the next sweep.

HilDA (ECCV 2026, arXiv 2606.20189): a re-implementation from the description. Evidence: described; ours (the teacher's
pooled vector stands for its class token).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.geometry._heads import perceptron
from xmodal.distillers.geometry.layer_points import LayerPoints
from xmodal.distillers.geometry.occupancy_diffusion import OccupancyDiffusion
from xmodal.losses import hint_loss
from xmodal.tasks import Task


class HilDA(Distiller):
    """Terms "layers" (`LayerPoints`), "global" and "occupancy" (`OccupancyDiffusion`).

    global: |max over tokens of H_CLS(student token) - teacher's pooled vector|^2.

    Args:
        teacher: the image model.
        layers, hidden: see `LayerPoints`; hidden is also the width of H_CLS.
        occupancy: None for one of the next sweep, "lidar@1".
    """

    def __init__(
        self,
        teacher: str = "teacher",
        *,
        layers: Sequence[tuple[int, int]] = ((-2, -2), (-1, -1)),
        hidden: int = 128,
        occupancy: OccupancyDiffusion | None = None,
    ) -> None:
        super().__init__(teacher)
        self.hidden = hidden
        self.layers = LayerPoints(teacher, layers=layers, hidden=hidden)
        self.occupancy = occupancy or OccupancyDiffusion()
        self.head: nn.Module = nn.Identity()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.layers.connect(models, tasks)
        self.occupancy.connect(models, tasks)
        self.head = perceptron(models["student"].token_width, self.hidden, models[self.teacher].width)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True, layers=True), self.teacher: Need(pooled=True, layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        pooled = _largest(frame.student.need_tokens("student"), self.head)
        teacher = frame.other(self.teacher).need_pooled(self.teacher)
        # The loss is a mean over channels, the source's a squared length.
        distance = hint_loss(pooled, teacher, reduction="none") * teacher.shape[-1]
        overall = over_rows(distance, frame.taught[self.teacher])
        return {**self.layers(frame), "global": overall, **self.occupancy(frame)}


def _largest(tokens: Tokens, head: nn.Module) -> Tensor:
    """[B, D]: of each channel the maximum over the tokens that count, 0 for a sample without any."""
    keep = tokens.mask()
    top: Tensor = head(tokens.x).masked_fill(~keep.unsqueeze(-1), -torch.inf).amax(1)
    return top.masked_fill(~keep.any(1, keepdim=True), 0)
