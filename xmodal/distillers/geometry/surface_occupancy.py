"""The student's features tell on which side of a surface a place lies: air before a return, matter behind it.

The occupancy task beside CleverDistiller's feature loss (BMVC 2025): a re-implementation from the description, which
gives no equation that we could read; places along the line of sight, and that the nearest token of another voxel must
answer, are ours. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import Distiller, mean_over
from xmodal.distillers.geometry._heads import perceptron
from xmodal.tasks import Task


class SurfaceOccupancy(Distiller):
    """Binary cross-entropy at drawn places up to `reach_m` before or behind returns. Reads the student alone.

    The sensor stands at the origin of the cloud. A place is judged from the nearest token that does not hold its own
    return, which would know the answer from the offset alone.

    Args:
        queries: places a sample, each step.
        reach_m: the largest distance from a place to its return.
        hidden: width of the head.
    """

    def __init__(self, *, queries: int = 256, reach_m: float = 1.0, hidden: int = 64) -> None:
        super().__init__("student")
        if queries < 1 or reach_m <= 0:
            raise ValueError(f"expected queries >= 1 and reach_m > 0, found {queries} and {reach_m}")
        self.queries, self.reach_m, self.hidden = queries, reach_m, hidden
        self.head: nn.Module = nn.Identity()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.head = perceptron(models["student"].token_width + 3, self.hidden, 1)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        tokens = frame.student.need_tokens("student")
        if tokens.where is None or tokens.of is None or tokens.where.shape[-1] != 3:
            raise ValueError(f"occupancy needs student tokens of points in space, found frame {tokens.frame!r}")
        points, token, valid = self._returns(frame, tokens, tokens.of)
        shift = (2 * torch.rand_like(points[..., 0]) - 1) * self.reach_m  # [B, Q], along the line of sight
        place = points + shift.unsqueeze(-1) * F.normalize(points, dim=-1)
        judge, near = self._nearest_other(place, token, tokens.where, tokens.mask())
        seen = tokens.x.gather(1, judge.unsqueeze(-1).expand(-1, -1, tokens.x.shape[-1]))
        at = tokens.where.gather(1, judge.unsqueeze(-1).expand(-1, -1, 3))
        logits = self.head(torch.cat([seen, ((place - at) / self.reach_m).to(seen.dtype)], -1)).squeeze(-1).float()
        values = F.binary_cross_entropy_with_logits(logits, (shift > 0).to(logits.dtype), reduction="none")
        return {"occupancy": mean_over(values, valid & near)}

    def _returns(self, frame: Frame, tokens: Tokens, of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Drawn returns [B, Q, 3], their tokens [B, Q], and which of them are returns at all."""
        points, valid = frame.batch.ragged(tokens.key).padded()
        chance = torch.rand(valid.shape, device=valid.device).masked_fill(~valid | (of < 0), -1)
        chance, drawn = chance.topk(min(self.queries, chance.shape[1]), 1)
        return points[..., :3].gather(1, drawn.unsqueeze(-1).expand(-1, -1, 3)), of.gather(1, drawn), chance >= 0

    def _nearest_other(self, place: Tensor, token: Tensor, where: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest token [B, Q] that is not `token`, and whether it lies within reach."""
        gap = torch.cdist(place.float(), where.float()).masked_fill(~keep.unsqueeze(1), torch.inf)
        gap = gap.scatter(2, token.clamp_min(0).unsqueeze(-1), torch.inf)
        least, judge = gap.min(2)
        return judge, least <= self.reach_m
