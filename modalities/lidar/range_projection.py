"""A cloud as its scanner saw it: an image of azimuth by elevation that keeps the nearest point of each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.data.batch import Ragged

CHANNELS = ("range", "x", "y", "z", "reflectance")
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RangeView:
    """The picture of a scanner at the origin, upright: left is left (azimuth falls along a row), up is up.

    Attributes:
        size: (H, W).
        azimuth_deg: (low, high), from x towards y; at most a full turn.
        elevation_deg: (low, high) from the horizon.
    """

    size: tuple[int, int] = (64, 1024)
    azimuth_deg: Bounds = (-180.0, 180.0)
    elevation_deg: Bounds = (-25.0, 3.0)

    def pixel(self, xyz_m: Tensor) -> Tensor:
        """[E, 3] -> [E] long: row * W + column, -1 for what lies outside of the view or is not finite."""
        x, y, z = xyz_m.float().unbind(1)
        azimuth = torch.rad2deg(torch.atan2(y, x))
        elevation = torch.rad2deg(torch.atan2(z, torch.hypot(x, y)))
        (height, width), (right, left), (low, high) = self.size, self.azimuth_deg, self.elevation_deg
        row = (high - elevation) / (high - low) * height
        column = (left - azimuth) / (left - right) * width
        # Each bound belongs to the view: -180 and 180 degrees are both straight behind.
        inside = (row >= 0) & (row <= height) & (column >= 0) & (column <= width) & xyz_m.isfinite().all(1)
        row, column = (part.nan_to_num().long().clamp_min(0) for part in (row, column))
        return torch.where(inside, row.clamp_max(height - 1) * width + column.clamp_max(width - 1), -1)


def project(cloud: Ragged, view: RangeView) -> tuple[Tensor, Tensor, Tensor]:
    """Draw each cloud: values [sum, >= 4] with x, y, z in metres and reflectance first.

    Of the points of one pixel the nearest is drawn, and of equally near ones the first.

    Returns:
        (image [B, 5, H, W] float32 with the channels `CHANNELS`, zeros where nothing is; hit [B, H, W] bool;
        pixel [sum] long: where each point falls, hidden or not, -1 outside of the view).
    """
    points = cloud.values[:, :4].float()
    pixel = view.pixel(points[:, :3])
    height, width = view.size
    cells = len(cloud.lengths) * height * width
    kept = (pixel >= 0).nonzero().squeeze(1)
    distance = torch.linalg.vector_norm(points[:, :3], dim=1)
    place = cloud.sample()[kept] * (height * width) + pixel[kept]
    nearest = _first_of_each(place, distance[kept])
    drawn, place = kept[nearest], place[nearest]
    rows = torch.cat([distance[drawn].unsqueeze(1), points[drawn]], dim=1)
    image = points.new_zeros(cells, len(CHANNELS)).index_copy(0, place, rows)
    hit = torch.zeros(cells, dtype=torch.bool, device=points.device).index_fill(0, place, True)
    shape = (len(cloud.lengths), height, width)
    return image.view(*shape, -1).permute(0, 3, 1, 2), hit.view(shape), pixel


def _first_of_each(place: Tensor, distance: Tensor) -> Tensor:
    """The row with the smallest distance of each place: two stable sorts, so that ties never depend on chance."""
    order = torch.sort(distance, stable=True).indices
    ordered, second = torch.sort(place[order], stable=True)
    order = order[second]
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return order[new]
