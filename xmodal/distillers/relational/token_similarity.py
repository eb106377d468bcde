"""Inside each sample the student finds the same places similar as a teacher with another sensor does.

Pair-wise distillation of Liu et al., "Structured knowledge distillation for semantic segmentation", CVPR 2019, here
between sensors. Evidence: ancestor; ours (teacher tokens carried over the pairs, means over the paired tokens of a
region).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from xmodal.adapter import Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import pairwise_affinity_loss, pool_regions
from xmodal.pairs import carry


class TokenSimilarity(Distiller):
    """Term "affinity", [B]: the squared difference of cos(i, j), mean over the pairs of a sample's paired tokens.

    The teacher's tokens are carried to the student's over the pairs; tokens that none reaches take no part. Nothing is
    projected: the widths may differ.

    Args:
        teacher: whose tokens.
        regions: (rows, columns) to which the student's grid is pooled first, for time and memory grow as N^2. A region
            is the mean of its paired tokens, the same ones on both sides. None for the tokens themselves.
    """

    paired = True

    def __init__(self, *, teacher: str = "teacher", regions: tuple[int, int] | None = None) -> None:
        super().__init__(teacher)
        self.regions = None if regions is None else (int(regions[0]), int(regions[1]))

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        own = frame.student.need_tokens("student")
        theirs = frame.other(self.teacher).need_tokens(self.teacher).x.detach()
        teacher, reached = carry(theirs, frame.pairs["student", self.teacher], own.x.shape[1])
        student, reached = own.x, reached & frame.taught[self.teacher].unsqueeze(1)
        if self.regions is not None:
            (student, kept), (teacher, _) = (self._pooled(x, reached, own.grid) for x in (student, teacher))
            reached = kept
        items = pairwise_affinity_loss(student, teacher, mask=reached, reduction="none")
        return {"affinity": over_rows(items, reached.any(1))}

    def _pooled(self, x: Tensor, reached: Tensor, grid: tuple[int, ...] | None) -> tuple[Tensor, Tensor]:
        """[B, R, D] means of the tokens that count, and [B, R] which regions have any."""
        if grid is None or len(grid) != 2:
            raise ValueError(f"regions need tokens on a grid (rows, columns), found grid {grid}")
        assert self.regions is not None
        shape = (grid[0], grid[1])
        kept = reached.unsqueeze(-1).to(x.dtype)
        total = pool_regions(torch.where(reached.unsqueeze(-1), x, 0), grid=shape, regions=self.regions)
        share = pool_regions(kept, grid=shape, regions=self.regions)  # [B, R, 1]
        any_kept = share.squeeze(-1) > 0
        return total / torch.where(share > 0, share, 1), any_kept
