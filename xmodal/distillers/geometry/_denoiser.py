"""A small U-Net that tells the noise in a map from the map and what it is conditioned on."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Denoiser(nn.Module):
    """Noisy map and condition, joined by channel, in; the noise and the clean map's logits out.

    Args:
        condition: channels of the condition.
        width: channels at full resolution; twice as many at half.
    """

    def __init__(self, condition: int, width: int = 16) -> None:
        super().__init__()
        self.enter = _conv(1 + condition, width)
        self.down = _conv(width, 2 * width, stride=2)
        self.time = nn.Linear(1, 2 * width)
        self.middle = _conv(2 * width, 2 * width)
        self.up = _conv(3 * width, width)
        self.leave = nn.Conv2d(width, 2, 1)

    def forward(self, noisy: Tensor, kept: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """noisy [B, 1, H, W], kept [B] the share of variance that is no noise, condition [B, C, H, W] -> [B, 1, H, W]
        twice."""
        fine = self.enter(torch.cat([noisy, condition], 1))
        coarse = self.down(fine) + self.time(torch.logit(kept, 1e-4).unsqueeze(1))[:, :, None, None]
        coarse = F.interpolate(self.middle(coarse), fine.shape[-2:], mode="nearest")
        noise, logits = self.leave(self.up(torch.cat([fine, coarse], 1))).float().split(1, 1)
        return noise, logits


def _conv(width_in: int, width_out: int, stride: int = 1) -> nn.Module:
    conv = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1)
    return nn.Sequential(conv, nn.GroupNorm(1, width_out), nn.SiLU())
