"""Voxels: which point falls where."""

import torch

from xmodal.data.batch import Ragged
from xmodal.modalities.lidar.voxels import lattice, to_rectangle, voxelise

EXTENT = ((0.0, 4.0), (-2.0, 2.0), (0.0, 2.0))
NAN = float("nan")
POINTS = torch.tensor(
    [
        [3.9, 1.9, 1.9],  # sample 0: the last voxel
        [0.2, -1.8, 0.4],  # these two share the first voxel
        [0.6, -1.4, 0.8],
        [4.0, 0.0, 0.0],  # on the open upper bound: outside
        [NAN, 0.0, 0.0],
        [1.5, 0.5, 0.5],  # sample 2
    ]
)
CLOUD = Ragged(POINTS, torch.tensor([5, 0, 1]))


def test_points_share_a_voxel_and_outsiders_have_none():
    voxels = voxelise(CLOUD, voxel_size_m=1.0, extent_m=EXTENT)
    assert voxels.lengths.tolist() == [2, 0, 1]
    assert voxels.of.tolist() == [[1, 0, 0, -1, -1], [-1] * 5, [0, -1, -1, -1, -1]]
    assert voxels.cell.tolist() == [[0, 0, 0], [3, 3, 1], [1, 2, 0]]
    assert voxels.sample.tolist() == [0, 0, 2]


def test_where_is_the_mean_and_offset_counts_from_the_centre():
    voxels = voxelise(CLOUD, voxel_size_m=1.0, extent_m=EXTENT)
    assert torch.allclose(voxels.where[0], torch.tensor([0.4, -1.6, 0.6]))
    assert torch.allclose(voxels.offset[1], torch.tensor([-0.3, -0.3, -0.1]), atol=1e-6)
    assert voxels.offset.abs().max() <= 0.5 + 1e-6


def test_size_zero_makes_each_point_a_token():
    voxels = voxelise(CLOUD, voxel_size_m=0, extent_m=EXTENT)
    assert voxels.of.tolist() == [[0, 1, 2, -1, -1], [-1] * 5, [0, -1, -1, -1, -1]]
    assert torch.equal(voxels.where, POINTS[[0, 1, 2, 5]])
    assert not voxels.offset.any()


def test_the_rectangle_holds_each_row_where_valid_says():
    voxels = voxelise(CLOUD, voxel_size_m=1.0, extent_m=EXTENT)
    rows = torch.arange(1.0, 4.0).unsqueeze(1)
    out = to_rectangle(rows, voxels.slot(), voxels.valid())
    assert out.squeeze(-1).tolist() == [[1, 2], [0, 0], [3, 0]]
    assert torch.equal(out.squeeze(-1) > 0, voxels.valid())


def test_a_lattice_covers_an_extent_that_is_no_multiple():
    assert lattice(EXTENT, 1.0) == (4, 4, 2)
    assert lattice(EXTENT, 0.7) == (6, 6, 3)
    assert lattice(EXTENT, 50.0) == (1, 1, 1)


def test_a_lattice_of_more_cells_than_32_bits_count_keeps_them_apart():
    voxels = voxelise(CLOUD, voxel_size_m=1e-4, extent_m=EXTENT)
    assert voxels.lengths.tolist() == [3, 0, 1]
    # Along x first: sample, then cell.
    assert voxels.of.tolist() == [[2, 0, 1, -1, -1], [-1] * 5, [0, -1, -1, -1, -1]]
    places = (POINTS[[1, 2, 0, 5]] - torch.tensor([0.0, -2.0, 0.0])) / 1e-4
    assert (voxels.cell + 0.5 - places).abs().max() < 1.5
    assert torch.equal(voxels.where, POINTS[[1, 2, 0, 5]])
