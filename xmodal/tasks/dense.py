"""Labels of pixels or elements, gathered in the tokens of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xmodal.bus import Tokens
from xmodal.data.batch import Ragged
from xmodal.tasks.base import IGNORE


def per_token(spread: Any, labels: Mapping[str, Tensor | Ragged], tokens: Tokens, channels: int) -> Tensor:
    """[B, N, channels]: `spread(known labels, channels)` summed over the pixels or elements of each token."""
    if tokens.key not in labels:
        raise KeyError(f"no dense labels for entry {tokens.key!r}; they are given for {sorted(labels)}")
    dense = labels[tokens.key]
    if isinstance(dense, Ragged):
        fill = float("nan") if dense.values.is_floating_point() else IGNORE
        dense, cell = dense.padded(fill)[0], tokens.of
    else:
        cell = _cell_of_pixels(dense, tokens)
        dense = dense.flatten(1)
    assert cell is not None, f"tokens of {tokens.key!r} do not say which elements they hold (Tokens.of)"
    cell = cell[:, : dense.shape[1]]  # labels are padded to the longest labelled sample only
    known = (dense.isfinite() if dense.is_floating_point() else dense != IGNORE) & (cell >= 0)
    sample, element = known.nonzero(as_tuple=True)
    batch, count = tokens.x.shape[:2]
    out = torch.zeros(batch * count, channels, device=dense.device)
    out.index_add_(0, sample * count + cell[sample, element], spread(dense[known], channels).float())
    return out.view(batch, count, channels)


def _cell_of_pixels(dense: Tensor, tokens: Tokens) -> Tensor:
    if tokens.grid is None or len(tokens.grid) != 2:
        raise ValueError(f"tokens of {tokens.key!r} have grid {tokens.grid}, but pixel labels need (rows, columns)")
    height, width = dense.shape[-2:]
    row = torch.arange(height, device=dense.device) * tokens.grid[0] // height
    column = torch.arange(width, device=dense.device) * tokens.grid[1] // width
    return (row.unsqueeze(1) * tokens.grid[1] + column).flatten().expand(len(dense), -1)
