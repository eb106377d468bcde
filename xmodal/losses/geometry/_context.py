"""A global context block: one vector, made from all cells of a map, is added to each of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ContextBlock(nn.Module):
    """F + W2 ReLU(LN(W1 sum_hw softmax_hw(conv F) F)), with a bottleneck of half the width (GcBlock).

    Args:
        width: channels of the map.
        zero_biases: whether the biases of the first and the last convolution start at 0, as its last weights do;
            else as `nn.Conv2d` leaves them.
    """

    def __init__(self, width: int, *, zero_biases: bool) -> None:
        super().__init__()
        self.attend = nn.Conv2d(width, 1, 1)
        last = nn.Conv2d(width // 2, width, 1)
        self.transform = nn.Sequential(
            nn.Conv2d(width, width // 2, 1), nn.LayerNorm([width // 2, 1, 1]), nn.ReLU(), last
        )
        nn.init.kaiming_normal_(self.attend.weight, mode="fan_in", nonlinearity="relu")
        nn.init.zeros_(last.weight)
        if zero_biases:
            for bias in (self.attend.bias, last.bias):
                assert bias is not None
                nn.init.zeros_(bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same, in the dtype of x; the vector is computed in that of the parameters."""
        own = x.to(self.attend.weight.dtype)
        share = self.attend(own).flatten(2).softmax(-1)  # [B, 1, HW]
        context = torch.bmm(own.flatten(2), share.transpose(1, 2)).unsqueeze(-1)  # [B, C, 1, 1]
        added: Tensor = self.transform(context)
        return x + added.to(x.dtype)
