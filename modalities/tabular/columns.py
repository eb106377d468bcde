"""One token a column: a number scales a vector of its column, a category picks one, a missing value has its own.

The tokens of numbers and categories follow Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data",
NeurIPS 2021; the vector for a missing value is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from xmodal.errors import ConfigError


class ColumnTokens(nn.Module):
    """[B, F] with NaN for missing -> [B, F, D].

    Args:
        codes: by column: 0 for a number, or how many categories it has, coded 0, 1, ...; a code outside of them
            counts as missing.
        width: D.
        mean, std: [F] statistics of the numbers in the training set; what they say of categories is not read.
    """

    mean: Tensor
    std: Tensor
    codes: Tensor
    start: Tensor

    def __init__(
        self, codes: Sequence[int], width: int, mean: Sequence[float] | None = None, std: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        count = len(codes)
        if not count or min(codes) < 0:
            raise ConfigError(f"codes: expected 0 or a number of categories for each column, found {list(codes)}")
        for name, given, default in (("mean", mean, 0.0), ("std", std, 1.0)):
            values = [default] * count if given is None else list(given)
            if len(values) != count or (name == "std" and min(values) <= 0):
                raise ConfigError(f"{name}: expected {count} numbers (std above 0), found {values}")
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
        sizes = torch.tensor(list(codes))
        self.register_buffer("codes", sizes, persistent=False)
        self.register_buffer("start", sizes.cumsum(0) - sizes, persistent=False)
        self.slope, self.offset = (nn.Parameter(torch.randn(count, width) * width**-0.5) for _ in range(2))
        self.missing = nn.Parameter(torch.randn(count, width) * width**-0.5)
        self.category = nn.Embedding(max(1, int(sizes.sum())), width)

    def forward(self, row: Tensor) -> Tensor:
        """row [B, F] -> tokens [B, F, D]."""
        numeric = self.codes == 0
        known = row.isfinite() & (numeric | ((row >= 0) & (row < self.codes)))
        clean = row.float().masked_fill(~known, 0)
        scaled = ((clean - self.mean) / self.std).unsqueeze(-1) * self.slope
        picked = self.category((self.start + clean.long() * ~numeric).clamp(max=self.category.num_embeddings - 1))
        value = torch.where(numeric.unsqueeze(-1), scaled, picked) + self.offset
        return torch.where(known.unsqueeze(-1), value, self.missing)
