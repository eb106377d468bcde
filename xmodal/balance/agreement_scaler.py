"""SPOFA's stage weights: a stage that agrees less with the teacher than it used to counts less.

SPOFA, arXiv 2606.24557, the momentum scaler of the authors' code. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AgreementScaler(nn.Module):
    """clip(1 - scale (m - c), least, most) for each stage: c its agreement with the teacher now, m the running mean.

    m is moved after it was used, m <- momentum m + (1 - momentum) c, and begins as the first c; so the first weights
    are 1. A stage above its running mean weighs more, one below less. In eval mode all weights are 1 and m rests.

    Args:
        stages: how many.
        scale: from 0; momentum: in [0, 1]; least, most: 0 <= least <= most.
    """

    ema: Tensor
    begun: Tensor

    def __init__(
        self, stages: int, *, scale: float = 5.0, momentum: float = 0.99, least: float = 0.1, most: float = 2.0
    ) -> None:
        super().__init__()
        check_scaling(scale=scale, momentum=momentum, least=least, most=most)
        self.scale, self.momentum, self.least, self.most = scale, momentum, least, most
        self.register_buffer("ema", torch.zeros(stages))
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def forward(self, agreement: Tensor) -> Tensor:
        """[stages] weights without gradient.

        Args:
            agreement: [stages], such as the mean cosine between the stage's and the teacher's logits.

        Raises:
            ValueError: another shape.
        """
        if agreement.shape != self.ema.shape:
            raise ValueError(f"expected the agreement of {len(self.ema)} stages, found {list(agreement.shape)}")
        if not self.training:
            return torch.ones_like(self.ema)
        return (1 - self.adjustment(agreement)).clamp(self.least, self.most)

    def adjustment(self, agreement: Tensor) -> Tensor:
        """[stages]: scale (m - c), 0 at the first call; moves m."""
        now = agreement.detach().to(self.ema.dtype)
        before = torch.where(self.begun, self.ema, now)
        self.ema.copy_(self.momentum * before + (1 - self.momentum) * now)
        self.begun.fill_(True)
        return self.scale * (before - now)


def check_scaling(*, scale: float, momentum: float, least: float, most: float) -> None:
    """The ranges of a momentum scaler's numbers.

    Raises:
        ValueError: one is outside.
    """
    if not scale >= 0:
        raise ValueError(f"expected scale from 0, found {scale}")
    if not 0 <= momentum <= 1:
        raise ValueError(f"expected momentum in [0, 1], found {momentum}")
    if not 0 <= least <= most:
        raise ValueError(f"expected 0 <= least <= most, found {least} and {most}")
