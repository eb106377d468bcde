"""Diffusion with a linear noise schedule, and its deterministic reversal.

Song, Meng, Ermon: Denoising Diffusion Implicit Models, ICLR 2021, arXiv 2010.02502 (eta = 0). Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_positive

LEVELS = 1000
"""Levels of noise: 0 is almost clean, 999 almost noise alone."""

Span = Literal["lower_half", "whole"]


class DDIM(nn.Module):
    """A schedule of noise levels; it has no parameters.

    Args:
        steps: how many denoising steps `denoise` takes.
        span: "lower_half" spreads twice as many steps over all levels and takes the lower half of them, such as
            400, 300, 200, 100, 0; "whole" spreads the steps over all levels: 800, 600, 400, 200, 0.

    Raises:
        ValueError: steps < 1, or an unknown span.
    """

    signal: Tensor

    def __init__(self, *, steps: int = 5, span: Span = "lower_half") -> None:
        super().__init__()
        check_positive("steps", steps)
        check_known("span", span, ("lower_half", "whole"))
        self.stride = LEVELS // (2 * steps if span == "lower_half" else steps)
        self.levels = tuple(self.stride * i for i in reversed(range(steps)))
        betas = torch.linspace(1e-4, 2e-2, LEVELS, dtype=torch.float32)
        self.register_buffer("signal", torch.cumprod(1 - betas, dim=0), persistent=False)  # share of clean variance

    def add_noise(self, clean: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
        """sqrt(a) clean + sqrt(1 - a) noise, a the share of clean variance at the level of each item.

        Args:
            clean: [B, C, H, W].
            noise: same shape, standard normal.
            levels: [B] integers in [0, 1000).
        """
        share = self.signal[levels].to(clean.dtype)[:, None, None, None]
        return share.sqrt() * clean + (1 - share).sqrt() * noise

    def denoise(self, noisy: Tensor, predict: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """[B, C, H, W] after all steps; `predict` gives the noise in what it is shown at levels [B]."""
        for level in self.levels:
            share = self.signal[level].to(noisy.dtype)
            below = self.signal[level - self.stride].to(noisy.dtype) if level else torch.ones_like(share)
            noise = predict(noisy, torch.full((len(noisy),), level, device=noisy.device))
            clean = (noisy - (1 - share).sqrt() * noise) / share.sqrt()
            noisy = below.sqrt() * clean + (1 - below).sqrt() * noise
        return noisy
