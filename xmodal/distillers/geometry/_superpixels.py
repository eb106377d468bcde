"""SLIC superpixels of a batch of images, on the grid of a model's tokens.

Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", TPAMI 2012: k-means of colour and
place, each pixel choosing among the nearest seeds. Evidence: recalled; ours (RGB instead of CIELAB, a pixel chooses
among the seeds of the 3 x 3 cells around it, parts that come apart are not joined to their neighbours).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def superpixels(image: Tensor, grid: tuple[int, int], *, step: int, compactness: float, rounds: int = 5) -> Tensor:
    """[B, rows * columns] long: the superpixel of each cell of the grid, numbered within its image. Deterministic.

    Args:
        image: [B, C, H, W] uint8 or float in [0, 1]; its mean over each cell of the grid is what is grouped.
        grid: rows and columns.
        step: cells between two seeds, so that a superpixel has about step^2 cells.
        compactness: what a distance of `step` cells counts, in units of the colour's range of 1.
        rounds: of k-means.
    """
    colour = image.float() / 255 if image.dtype == torch.uint8 else image.float()
    colour = F.adaptive_avg_pool2d(colour, grid).flatten(2).transpose(1, 2)  # [B, P, C]
    row = torch.arange(grid[0], device=image.device).repeat_interleave(grid[1])
    column = torch.arange(grid[1], device=image.device).repeat(grid[0])
    place = torch.stack([row, column], 1) * (compactness / step)
    x = torch.cat([colour, place.expand(len(colour), -1, -1)], 2)  # [B, P, C + 2]
    near = _near(row, column, grid, step)  # [P, 9]
    number = near[:, 4].expand(len(x), -1)  # the seed of the own cell
    seeds = int(near.max()) + 1
    own = torch.arange(len(near), device=x.device)
    for _ in range(rounds):
        centre = _means(x, number, seeds)
        distance = (x.unsqueeze(2) - centre[:, near]).square().sum(-1)  # [B, P, 9]
        number = near[own, distance.argmin(2)]
    return number


def _near(row: Tensor, column: Tensor, grid: tuple[int, int], step: int) -> Tensor:
    """[P, 9] long: the seeds around each cell, its own in the middle; at the border some stand there twice."""
    down, across = -(-grid[0] // step), -(-grid[1] // step)
    shift = torch.arange(-1, 2, device=row.device)
    rows = (row.unsqueeze(1) // step + shift.repeat_interleave(3)).clamp(0, down - 1)
    columns = (column.unsqueeze(1) // step + shift.repeat(3)).clamp(0, across - 1)
    return rows * across + columns


def _means(x: Tensor, number: Tensor, seeds: int) -> Tensor:
    """[B, seeds, C + 2]: the mean of each superpixel; one that lost all its cells lies infinitely far away."""
    place = number + torch.arange(len(x), device=x.device).unsqueeze(1) * seeds
    sums = x.new_zeros(len(x) * seeds, x.shape[2]).index_add(0, place.flatten(), x.flatten(0, 1))
    count = torch.bincount(place.flatten(), minlength=len(sums)).unsqueeze(1)
    return torch.where(count > 0, sums / count.clamp_min(1), torch.inf).view(len(x), seeds, -1)
