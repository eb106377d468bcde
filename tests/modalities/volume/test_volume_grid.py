"""Grids and resampling: places in millimetres, checked against a float64 computation with scipy."""

import numpy as np
import pytest
import torch

from xmodal.errors import ConfigError, DataError
from xmodal.modalities.volume import Grid, Volume, resample_to
from xmodal.modalities.volume.rotate_scale import rotation


def affine(spacing=(1.0, 1.0, 1.0), degrees=(0.0, 0.0, 0.0), origin=(0.0, 0.0, 0.0)):
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[:3, :3] = rotation(degrees) * torch.tensor(spacing, dtype=torch.float64)
    matrix[:3, 3] = torch.tensor(origin, dtype=torch.float64)
    return matrix


def volume(shape, matrix):
    return Volume(torch.rand(1, *shape), matrix)


def by_scipy(moving, fixed, order):
    """The value of `moving` at each voxel centre of `fixed`, [Z, Y, X] float64."""
    ndimage = pytest.importorskip("scipy.ndimage")
    z, y, x = np.meshgrid(*(np.arange(n) for n in fixed.shape), indexing="ij")
    to_moving = np.linalg.inv(moving.affine.numpy()) @ fixed.affine.numpy()
    places = to_moving @ np.stack([x.ravel(), y.ravel(), z.ravel(), np.ones(x.size)])
    values = moving.data[0].double().numpy()
    found = ndimage.map_coordinates(values, places[2::-1], order=order, mode="grid-constant", cval=0.0)
    return found.reshape(fixed.shape)


CASES = {
    "finer": Grid((17, 20, 23), affine((0.8, 0.9, 0.7), origin=(1, 2, 3))),
    "coarser": Grid((6, 5, 7), affine((2.1, 2.4, 3.0), origin=(-1, 0.5, 2))),
    "oblique": Grid((12, 14, 13), affine((1.1, 0.9, 1.3), (12, -20, 33), (2, -3, 1))),
    "partly outside": Grid((15, 15, 15), affine((1.5, 1.5, 1.5), (0, 5, 0), (-6, -4, 9))),
}


@pytest.mark.parametrize("name", CASES)
def test_resampling_agrees_with_scipy_in_float64(name):
    pytest.importorskip("monai")
    moving = volume((11, 13, 12), affine((1.2, 1.0, 1.5), (5, 3, -8), (0.5, -1, 2)))
    out = resample_to(moving, CASES[name])
    expected = by_scipy(moving, CASES[name], order=1)
    assert out.grid.same(CASES[name])
    assert np.abs(expected).max() > 0.5
    assert np.abs(out.data[0].numpy() - expected).max() < 1e-6


def test_nearest_resampling_keeps_class_numbers_and_agrees_with_scipy():
    pytest.importorskip("monai")
    labels = Volume(torch.randint(0, 90, (1, 9, 9, 9)).float(), affine((2, 2, 2)))
    grid = Grid((13, 13, 13), affine((1.17, 1.31, 1.23), (3, 4, 5), (2, 2, 2)))
    out = resample_to(labels, grid, mode="nearest")
    assert np.array_equal(out.data[0].numpy(), by_scipy(labels, grid, order=0))


def test_a_volume_on_its_own_grid_comes_back_and_a_shift_of_a_voxel_is_exact():
    pytest.importorskip("monai")
    moving = volume((6, 7, 8), affine((2, 3, 4), origin=(10, 20, 30)))
    assert torch.allclose(resample_to(moving, moving).data, moving.data, atol=1e-6)
    shifted = resample_to(moving, moving.grid.moved((0, 0, 1), (6, 7, 7)))
    assert torch.allclose(shifted.data, moving.data[..., 1:], atol=1e-6)
    assert shifted.affine[:3, 3].tolist() == [12, 20, 30]


def test_units_and_space_survive_and_unknown_modes_are_named():
    pytest.importorskip("monai")
    moving = Volume(torch.rand(1, 4, 4, 4), affine(), units="SUV", space="mni152")
    out = resample_to(moving, CASES["finer"])
    assert (out.units, out.space) == ("SUV", "mni152")
    with pytest.raises(ConfigError, match="cubic"):
        resample_to(moving, CASES["finer"], mode="cubic")


def test_a_grid_with_other_spacing_covers_the_same_box():
    grid = Grid((10, 20, 30), affine((1, 1, 2), (10, 20, 30), (5, 6, 7)))
    coarse = grid.with_spacing((2, 2, 4))
    assert coarse.shape == (5, 10, 15)
    assert coarse.spacing_mm == pytest.approx((2, 2, 4))
    faces = [
        (g.affine @ torch.tensor([*corner(g), 1], dtype=torch.float64)).tolist()
        for corner in (lambda g: (-0.5, -0.5, -0.5), lambda g: tuple(n - 0.5 for n in g.shape[::-1]))
        for g in (grid, coarse)
    ]
    assert faces[0] == pytest.approx(faces[1])
    assert faces[2] == pytest.approx(faces[3])
    with pytest.raises(DataError, match="spacing_mm"):
        grid.with_spacing((0, 1, 1))


def test_grids_are_the_same_within_a_micrometre():
    grid = Grid((10, 10, 10), affine())
    near, far, turned = grid.affine.clone(), grid.affine.clone(), affine(degrees=(0, 0, 0.1))
    near[0, 3] += 5e-4
    far[0, 3] += 2e-3
    assert grid.same(Grid(grid.shape, near))
    assert not grid.same(Grid(grid.shape, far))
    assert not grid.same(Grid(grid.shape, turned))
    assert not grid.same(Grid((10, 10, 9), grid.affine))


def test_a_volume_of_another_form_is_refused():
    for data in (torch.zeros(3, 4, 5), torch.zeros(2, 3, 4, 5), torch.zeros(1, 3, 4, 5, dtype=torch.float64)):
        with pytest.raises(DataError, match=r"float32 \[1, Z, Y, X\]"):
            Volume(data, affine())
    with pytest.raises(DataError, match=r"float64 \[4, 4\]"):
        Volume(torch.zeros(1, 3, 4, 5), torch.eye(4))


def test_the_extra_is_named_where_monai_is_missing(monkeypatch):
    import sys

    from xmodal.errors import XmodalError

    monkeypatch.setitem(sys.modules, "monai", None)
    with pytest.raises(XmodalError, match=r"pip install 'xmodal\[medical\]'"):
        resample_to(volume((4, 4, 4), affine()), CASES["finer"])
