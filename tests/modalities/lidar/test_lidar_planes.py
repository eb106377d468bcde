"""Flat views: which cell a place falls into."""

import pytest
import torch

from xmodal.errors import ConfigError
from xmodal.modalities.lidar.planes import make_planes

EXTENT = ((0.0, 10.0), (-4.0, 4.0), (-2.0, 2.0))
VIEW = ((-90.0, 90.0), (-30.0, 30.0))
WHERE = torch.tensor([[9.9, 3.9, 1.9], [0.0, -4.0, -2.0]])


def plane(name, cell):
    return make_planes([name], [cell], EXTENT, VIEW)[0]


@pytest.mark.parametrize(("name", "shape"), [("xy", (5, 4)), ("xz", (5, 2)), ("yz", (4, 2))])
def test_the_corners_of_the_extent_fall_into_the_corners_of_the_grid(name, shape):
    view = plane(name, (2.0, 2.0))
    assert view.shape == shape
    of = view.segments(WHERE, torch.tensor([0, 1]), batch_size=2).of
    assert of.tolist() == [shape[0] * shape[1] - 1, shape[0] * shape[1]]


def test_range_counts_azimuth_to_the_left_and_elevation_up():
    view = plane("range", (30.0, 15.0))
    assert view.shape == (6, 4)
    where = torch.tensor([[1.0, 0.9, 0.1], [1.0, -0.9, -0.1], [0.1, 5.0, -40.0]])
    rows = view.segments(where, torch.zeros(3, dtype=torch.long), batch_size=1).of
    assert [(int(r) // 4, int(r) % 4) for r in rows] == [(4, 2), (1, 1), (5, 0)]


@pytest.mark.parametrize(
    ("names", "cells", "message"),
    [
        (["xw"], [(1, 1)], "unknown plane 'xw'; known: range, xy, xz, yz"),
        (["xy", "xz"], [(1, 1)], "one cell size for each plane"),
        (["xy"], [(1, 0)], "positive cell sizes"),
    ],
)
def test_a_wrong_plane_is_named(names, cells, message):
    with pytest.raises(ConfigError, match=message):
        make_planes(names, cells, EXTENT, VIEW)
