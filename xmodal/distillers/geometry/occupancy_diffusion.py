"""A diffusion model, conditioned on the student's features seen from above, draws where the next sweep has returns.

The occupancy term of HilDA (ECCV 2026, arXiv 2606.20189): a re-implementation from the description. Ours: the cosine
schedule of the noise, the network, a second output for the clean map, and features of one sweep instead of two.
Evidence: described.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.geometry._denoiser import Denoiser
from xmodal.distillers.geometry._ground_grid import Bounds, GroundGrid
from xmodal.losses import occupancy_loss
from xmodal.tasks import Task


class OccupancyDiffusion(Distiller):
    """Squared error of the predicted noise, plus that of the predicted map. Reads the student alone.

    The student's tokens must lie in the metres of the sweep. Where there is no next sweep, the student's own serves,
    with a share of the tokens hidden from the diffusion model, which else could copy the answer.

    Args:
        sweep: the entry whose points make the map, in the frame of the student's tokens: "lidar@1", say.
        hidden: share of tokens, drawn anew each step, that the diffusion model is not shown; 0 with a next sweep.
        extent_m, cell_m: of the map, see `GroundGrid`.
        ground_m: points below this height are left out.
        width: channels of the condition and of the network.
        occupancy_weight: of the second part, inside the term, as in the source.
    """

    def __init__(
        self,
        sweep: str = "lidar@1",
        *,
        hidden: float = 0.0,
        extent_m: Bounds = ((0.0, 64.0), (-32.0, 32.0)),
        cell_m: float = 2.0,
        ground_m: float = -1.4,
        width: int = 16,
        occupancy_weight: float = 1.0,
    ) -> None:
        super().__init__("student")
        if not 0 <= hidden < 1:
            raise ValueError(f"expected hidden in [0, 1), found {hidden}")
        self.sweep, self.hidden, self.ground_m, self.width = sweep, hidden, ground_m, width
        self.grid, self.occupancy_weight = GroundGrid(extent_m, cell_m), occupancy_weight
        self.denoiser = Denoiser(width, width)
        self.project: nn.Module = nn.Identity()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.project = nn.Linear(models["student"].token_width, self.width)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        tokens = frame.student.need_tokens("student")
        condition = self._condition(tokens)
        occupied = self._map(frame)
        noise = torch.randn_like(occupied)
        kept = torch.cos(torch.rand(len(noise), device=noise.device) * (torch.pi / 2)).square()  # [B]
        share = kept.view(-1, 1, 1, 1)
        noisy = share.sqrt() * occupied + (1 - share).sqrt() * noise
        found, logits = self.denoiser(noisy, kept, condition)
        present = frame.batch.has((self.sweep,))
        values = occupancy_loss(
            found,
            noise,
            logits.sigmoid(),
            occupied,
            occupancy_weight=self.occupancy_weight,
            reduction="none",
            mask=present,
        )
        return {"occupancy": over_rows(values, present)}

    def _map(self, frame: Frame) -> Tensor:
        """[B, 1, H, W] of 0 and 1."""
        points, valid = frame.batch.ragged(self.sweep).padded()
        return self.grid.occupied(points, valid & (points[..., 2] >= self.ground_m))

    def _condition(self, tokens: Tokens) -> Tensor:
        """[B, width, H, W]: the student's features, projected, in the cells of the map."""
        if tokens.where is None or tokens.where.shape[-1] < 2 or tokens.frame.endswith("_px"):
            raise ValueError(f"occupancy needs student tokens placed in metres, found frame {tokens.frame!r}")
        shown = tokens.mask()
        if self.hidden:
            shown = shown & (torch.rand(shown.shape, device=shown.device) >= self.hidden)
        return self.grid.mean(self.project(tokens.x), tokens.where, shown)
