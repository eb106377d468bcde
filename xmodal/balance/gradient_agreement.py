"""SPOFA's sample weights: where the teacher pulls the logits another way than the label does, it counts less.

SPOFA, arXiv 2606.24557, authors' code. Evidence: exact; that samples without a label keep weight 1 is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.balance.agreement_scaler import check_scaling
from xmodal.errors import ConfigError


class GradientAgreement(nn.Module):
    """w_b = clip(1 - scale relu(m - s_b), least, most): s_b the cosine of two gradients at sample b's logits.

    The gradients are those of the supervised and of the distilled loss. m, the running mean of the batch's mean s_b,
    begins as the first of these and is moved before it is used: the other order than in `AgreementScaler`. A cosine
    lies in [-1, 1], so with the source's numbers all weights lie in [0.6, 1]. Samples where either gradient is zero
    (no label, say) have weight 1 and no part in m. In eval mode, or without gradients, all weights are 1.

    Args:
        scale: from 0; the source's is 0.1 x 2. momentum: in [0, 1]; least, most: 0 <= least <= most.
    """

    ema: Tensor
    begun: Tensor

    def __init__(self, *, scale: float = 0.2, momentum: float = 0.99, least: float = 0.5, most: float = 2.0) -> None:
        super().__init__()
        check_scaling(scale=scale, momentum=momentum, least=least, most=most)
        self.scale, self.momentum, self.least, self.most = scale, momentum, least, most
        self.register_buffer("ema", torch.zeros(()))
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def forward(self, supervised: Tensor, distilled: Tensor, logits: Tensor) -> Tensor:
        """[B] weights without gradient.

        Args:
            supervised, distilled: [B] (or any number) losses that were computed from `logits`.
            logits: [B, ...] the student's, in the graph.

        Raises:
            ConfigError: a loss does not depend on the logits.
        """
        if not self.training or not torch.is_grad_enabled() or not logits.requires_grad:
            return torch.ones(len(logits), dtype=self.ema.dtype, device=logits.device)
        cosine, known = gradient_cosine(supervised, distilled, logits)
        cosine = cosine.to(self.ema.dtype)
        self._follow(cosine, known)
        weight = (1 - self.scale * (self.ema - cosine).relu()).clamp(self.least, self.most)
        return torch.where(known, weight, 1.0)

    def _follow(self, cosine: Tensor, known: Tensor) -> None:
        now = torch.where(known, cosine, 0).sum() / known.sum().clamp_min(1)
        moved = torch.where(self.begun, self.momentum * self.ema + (1 - self.momentum) * now, now)
        self.ema.copy_(torch.where(known.any(), moved, self.ema))
        self.begun.logical_or_(known.any())


def gradient_cosine(supervised: Tensor, distilled: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """[B] cosine between the gradients of two losses at each sample's logits, and [B] bool where both have a direction.

    The losses are summed; their scale does not matter.
    """
    first, second = (_unit_gradient(loss, logits) for loss in (supervised, distilled))
    cosine = (first[0] * second[0]).sum(1)
    return cosine, first[1] & second[1]


def _unit_gradient(loss: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    gradient = None
    if loss.requires_grad:
        (gradient,) = torch.autograd.grad(loss.sum(), logits, retain_graph=True, allow_unused=True)
    if gradient is None:
        raise ConfigError("balance: a term does not depend on the student's output that its gradient is asked at")
    rows = gradient.flatten(1).to(torch.promote_types(gradient.dtype, torch.float32))
    # By the largest entry first: the square of a small gradient would be lost.
    largest = rows.abs().amax(1, keepdim=True)
    rows = rows / torch.where(largest > 0, largest, 1)
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return rows / torch.where(length > 0, length, 1), largest.squeeze(1) > 0
