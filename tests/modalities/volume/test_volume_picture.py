"""The picture of a volume: three slices, the patient's right on the left, uptake in colour."""

import numpy as np
import torch

from xmodal.data.sample import Sample
from xmodal.modalities.volume import Volume, VolumeConv, volume_sample

AFFINE = torch.diag(torch.tensor([2.0, 1.0, 3.0, 1.0], dtype=torch.float64))
PANEL, EDGE, HEAD = 360, 12, 56


def panel(drawn, number):
    left = EDGE + number * (PANEL + EDGE)
    return drawn[HEAD : HEAD + PANEL, left : left + PANEL].astype(float)


def half_bright(axis):
    """Bright where the index along an axis of [Z, Y, X] is high; x spans 80 mm, y 40, z 60."""
    data = torch.zeros(1, 20, 40, 40)
    data.narrow(axis + 1, data.shape[axis + 1] // 2 + 1, data.shape[axis + 1] // 2 - 1).fill_(1.0)
    data[0, 0, 0, 0] = -1
    return data


def middle_of_light(image):
    bright = image.min(-1) > 200
    rows, columns = np.nonzero(bright)
    return rows.mean(), columns.mean()


def test_it_is_an_image_with_three_panels():
    drawn = VolumeConv.picture(
        volume_sample("s", {"volume/mri": Volume(torch.rand(1, 9, 10, 11), AFFINE)}), "volume/mri"
    )
    assert drawn.dtype == np.uint8
    assert drawn.shape[1] > 2.5 * drawn.shape[0]
    assert all(panel(drawn, i).std() > 10 for i in range(3))
    assert (drawn[..., 0] == drawn[..., 1])[HEAD + 100 : HEAD + 200, 100:150].all()


def test_the_patients_right_is_on_the_left_front_and_head_are_up():
    centre = PANEL / 2
    cases = {2: ((0, 1), (1, 1)), 1: ((0, 0), (2, 1)), 0: ((1, 0), (2, 0))}
    # By axis (x, y, z): the panels that show it, and whether it runs along rows (0) or columns (1).
    for axis, views in cases.items():
        drawn = VolumeConv.picture(volume_sample("s", {"volume": Volume(half_bright(axis), AFFINE)}), "volume")
        for number, direction in views:
            light = middle_of_light(panel(drawn, number))[direction]
            assert light < centre - 20, (axis, number)


def test_voxels_keep_their_shape_in_millimetres():
    # 80 mm by 40 mm from above: half as high as wide.
    drawn = VolumeConv.picture(volume_sample("s", {"volume": Volume(torch.rand(1, 20, 40, 40) + 1, AFFINE)}), "volume")
    lit = panel(drawn, 0).min(-1) > 20
    rows, columns = np.flatnonzero(lit.sum(1) > 60), np.flatnonzero(lit.sum(0) > 60)
    assert abs(len(rows) / len(columns) - 0.5) < 0.05


def test_pet_is_drawn_hot_by_its_name_or_its_units():
    volume = Volume(torch.rand(1, 8, 8, 8), AFFINE, units="SUVR")
    for key, given in (
        ("volume/pet", Sample("s", {"volume/pet": volume.data})),
        ("volume", volume_sample("s", {"volume": volume})),
    ):
        image = panel(VolumeConv.picture(given, key), 0)
        assert (image[..., 0] - image[..., 2]).mean() > 40
    grey = panel(VolumeConv.picture(Sample("s", {"volume": volume.data}), "volume"), 0)
    assert abs((grey[..., 0] - grey[..., 2]).mean()) < 5


def test_a_constant_volume_is_drawn():
    assert VolumeConv.picture(Sample("s", {"volume": torch.zeros(1, 3, 3, 3)}), "volume").ndim == 3
