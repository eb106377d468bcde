"""Which tokens of two models look at the same thing, and how values travel over those pairs.

Two models are paired through raw elements: a LiDAR point falls into one token of the LiDAR model (`Tokens.of`) and,
by the link recorded with the sample, into one cell of the image model's grid. Without a link, tokens are paired by
their places where both sensors share a frame: the clock of a recording, or the voxels of registered volumes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.bus import Pairs, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.nearest import nearest

SHARED_FRAMES = ("time_s", "volume_vox", "bev_m")
"""Frames of `Tokens.where` that sensors of one sample have in common: seconds since its start, voxels of volumes that
have one shape (a PET resampled to the MRI grid), and metres on the ground in the axes of the car, with the place of
each sensor taken into account. Pixels of two cameras are no common frame."""


def pair_tokens(a: Tokens, b: Tokens, batch: Batch) -> Pairs:
    """Pair the tokens of two models of the same batch.

    Tokens on the same grid of the same entry, or of the ground, pair one to one; otherwise they pair through the
    elements of an entry that both can place (of a third one too: two cameras through the points that both see), and
    else by their places in a frame that both share. The weight of a pair is the number of elements that the two tokens
    share, or 1.

    Raises:
        ValueError: nothing in the batch links the two.
    """
    if a.grid is not None and a.grid == b.grid and (a.key == b.key or _same_cells(a, b)):
        return _one_to_one(a, b)
    for key in dict.fromkeys((b.key, a.key, *(source for source, _ in batch.links))):
        in_a, in_b = tokens_of_elements(a, batch, key), tokens_of_elements(b, batch, key)
        if in_a is not None and in_b is not None:
            return _shared(in_a, in_b, a.x.shape[1], b.x.shape[1])
    if _share_a_frame(a, b, batch):
        index = nearest(a, b)
        return Pairs(index, torch.ones(len(index), device=index.device))
    links = sorted(batch.links) or "none"
    raise ValueError(f"tokens of {a.key!r} and {b.key!r} cannot be paired: the batch links {links}")


def tokens_of_elements(tokens: Tokens, batch: Batch, key: str) -> Tensor | None:
    """[B, E] long: the token that each raw element of entry `key` falls in, -1 for none; None where unknown.

    The elements of an image are the cells of the token grid itself, so that only sets (points) can be placed in it.
    """
    if tokens.key == key:
        return tokens.of
    link = batch.links.get((key, tokens.key))
    if link is None or tokens.grid is None or len(tokens.grid) != 2:
        return None
    height, width = batch.tensor(tokens.key).shape[-2:]
    cell, _ = Ragged(cell_of(link.values, tokens.grid, (height, width)), link.lengths).padded(-1)
    return cell


def cell_of(uv_px: Tensor, grid: tuple[int, ...], size_px: tuple[int, int]) -> Tensor:
    """[...] long: the cell of a (rows, columns) grid over an image (height, width) that each (u, v) lies in, or -1."""
    rows, columns = grid
    column = torch.floor(uv_px[..., 0] * (columns / size_px[1]))
    row = torch.floor(uv_px[..., 1] * (rows / size_px[0]))
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)  # False for NaN
    return torch.where(inside, row * columns + column, -1).long()


def _one_to_one(a: Tokens, b: Tokens) -> Pairs:
    sample, token = (a.mask() & b.mask()).nonzero(as_tuple=True)
    return Pairs(torch.stack([sample, token, token], 1), a.x.new_ones(len(sample), dtype=torch.float32))


def _shared(in_a: Tensor, in_b: Tensor, count_a: int, count_b: int) -> Pairs:
    # A sample whose link is missing has no row there, so that the two may be padded to different lengths.
    elements = min(in_a.shape[1], in_b.shape[1])
    in_a, in_b = in_a[:, :elements], in_b[:, :elements]
    sample, element = ((in_a >= 0) & (in_b >= 0)).nonzero(as_tuple=True)
    code = (sample * count_a + in_a[sample, element]) * count_b + in_b[sample, element]
    code, shared = torch.unique(code, return_counts=True)
    index = torch.stack([code // (count_a * count_b), code // count_b % count_a, code % count_b], 1)
    return Pairs(index, shared.float())


def _same_cells(a: Tokens, b: Tokens) -> bool:
    """Whether two sensors' grids seen from above are one; tokens of a clock or a volume also need their own checks."""
    if a.where is None or b.where is None or a.frame != "bev_m" or b.frame != "bev_m":
        return False
    return torch.equal(a.where, b.where)


def _share_a_frame(a: Tokens, b: Tokens, batch: Batch) -> bool:
    if a.where is None or b.where is None or a.frame != b.frame or a.frame not in SHARED_FRAMES:
        return False
    return a.frame != "volume_vox" or batch.tensor(a.key).shape[2:] == batch.tensor(b.key).shape[2:]


def carry(values: Tensor, pairs: Pairs, count: int) -> tuple[Tensor, Tensor]:
    """Carry values of the second model to the first model's tokens: the weighted mean over each token's pairs.

    Args:
        values: [B, N_b, ...] of the second model.
        pairs: from `pair_tokens(a, b, batch)`.
        count: N_a.

    Returns:
        ([B, N_a, ...] float, [B, N_a] bool which tokens received anything; the others hold zeros).
    """
    sample, to, source = pairs.index.unbind(1)
    moved = values[sample, source]
    wide = values.dtype if values.dtype == torch.float64 else torch.float32
    weight = pairs.weight.to(wide)
    place = sample * count + to
    shape = (len(values) * count, *values.shape[2:])
    weight_to = weight.view(-1, *[1] * (moved.dim() - 1))
    total = torch.zeros(shape, dtype=wide, device=values.device).index_add_(0, place, moved.to(wide) * weight_to)
    share = torch.zeros(shape[0], dtype=wide, device=values.device).index_add_(0, place, weight)
    mean = total / share.clamp_min(1e-12).view(-1, *[1] * (values.dim() - 2))
    return mean.view(len(values), count, *values.shape[2:]), (share > 0).view(len(values), count)


def inverse(pairs: Pairs) -> Pairs:
    """The same pairs with the two models exchanged, so that `carry` moves values of the first to the second."""
    return Pairs(pairs.index[:, [0, 2, 1]], pairs.weight)


def fill_nearest(values: Tensor, known: Tensor, grid: tuple[int, int]) -> Tensor:
    """Give each cell of a (rows, columns) grid without a value that of the nearest cell with one.

    Args:
        values: [B, N, ...]; known: [B, N] bool. A sample with nothing known is returned as it is.
    """
    rows, columns = grid
    place = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).to(values.device, torch.float32)
    distance = torch.cdist(place, place).expand(len(values), -1, -1)  # [B, N, N]
    nearest = distance.masked_fill(~known.unsqueeze(1), float("inf")).argmin(-1)
    return values[torch.arange(len(values), device=values.device).unsqueeze(1), nearest]
