"""How much each sensor is worth, learned from labels that the head behind it never saw.

The outer loop of Purify-then-Align (PTA), CVPR 2026, arXiv 2604.05584. Evidence: described (re-implementation from the
description). The head of its own, and gradients to the weights alone instead of through the inner step, are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ModalityWeights(nn.Module):
    """softmax weights over sensors, and the linear head by which they are judged.

    Args:
        count: of sensors; width: of their features; classes: of the task.
    """

    def __init__(self, count: int, width: int, classes: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(count))
        self.head = nn.Linear(width, classes)

    def fuse(self, features: Tensor, there: Tensor) -> Tensor:
        """[B, D]: the weighted mean of features [B, M, D] over the sensors that are there [B, M] bool; else zeros."""
        scores = self.scores.expand(there.shape).masked_fill(~there, -torch.inf)
        weights = torch.where(there.any(1, keepdim=True), scores, 0.0).softmax(1) * there
        return (weights.unsqueeze(-1) * torch.where(there.unsqueeze(-1), features.float(), 0.0)).sum(1)

    def inner(self, features: Tensor, there: Tensor, kind: Tensor) -> Tensor:
        """[B]: cross-entropy of the fused features with classes `kind` [B]; trains the head alone."""
        fused = self.fuse(features.detach(), there).detach()
        return F.cross_entropy(self.head(fused).float(), kind, reduction="none")

    def outer(self, features: Tensor, there: Tensor, kind: Tensor) -> Tensor:
        """[B]: the same with the head fixed; trains the weights alone."""
        fused = self.fuse(features.detach(), there)
        answer = F.linear(fused, self.head.weight.detach(), self.head.bias.detach())
        return F.cross_entropy(answer.float(), kind, reduction="none")
