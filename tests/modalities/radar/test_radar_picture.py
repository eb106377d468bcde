"""The radar cloud from above: forward is up, left is left, arrows point where things go; the cube as two maps."""

import numpy as np
import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.radar import COLUMNS, RadarPoints, RadarTensor
from xmodal.modalities.radar.columns import RCS, VX, VY


def sample_of(*rows):
    """Each row: x, y, RCS, vx, vy."""
    points = torch.zeros(len(rows), len(COLUMNS))
    if rows:
        points[:, [0, 1, RCS, VX, VY]] = torch.tensor(rows, dtype=torch.float32)
    return Sample("s", {"radar": Rows(points)})


def draw(*rows):
    return RadarPoints.picture(sample_of(*rows), "radar")


def bright(drawn):
    """Pixels in the warm end of the colour scale, left of its bar: the strongest point and its arrow."""
    red, green, blue = drawn[:, :-110].astype(int).transpose(2, 0, 1)
    return np.argwhere((red > 200) & (green > 180) & (blue < 120))


def test_forward_is_up_and_left_is_left():
    up, down = (bright(draw((x, 0, 20, 0, 0), (20, 15, -20, 0, 0), (20, -15, -20, 0, 0))) for x in (35, 5))
    assert up[:, 0].mean() < down[:, 0].mean() - 100
    left, right = (bright(draw((20, y, 20, 0, 0), (20, 15, -20, 0, 0), (20, -15, -20, 0, 0))) for y in (12, -12))
    assert left[:, 1].mean() < right[:, 1].mean() - 100


@pytest.mark.parametrize(
    ("velocity", "axis", "sign"), [((8, 0), 0, -1), ((-8, 0), 0, 1), ((0, 8), 1, -1), ((0, -8), 1, 1)]
)
def test_an_arrow_points_where_the_thing_goes(velocity, axis, sign):
    around = [(0, 20, -20, 0, 0), (0, -20, -20, 0, 0), (40, 0, -20, 0, 0)]
    still, moving = (bright(draw((20, 0, 20, *v), *around)) for v in ((0, 0), velocity))
    assert sign * (moving.mean(0) - still.mean(0))[axis] > 15
    assert abs((moving.mean(0) - still.mean(0))[1 - axis]) < 3


def test_an_arrow_is_as_long_as_a_second_of_motion():
    pixels = bright(draw((10, 0, 20, 20, 0), (0, 20, -20, 0, 0), (0, -20, -20, 0, 0), (40, 0, -20, 0, 0)))
    scale = 720 / (40 * 1.08)  # 40 m each way and the margin
    assert np.ptp(pixels[:, 0]) == pytest.approx(20 * scale, abs=12)


def test_clouds_of_any_size_can_be_drawn():
    for rows in ((), ((5, 1, 3, 0, 0),), ((5, 1, 3, 2, 0),) * 3):
        drawn = draw(*rows)
        assert drawn.dtype == np.uint8
        assert drawn.ndim == 3
        assert max(drawn.shape) < 1200


@pytest.mark.parametrize("shape", [(32, 16, 24), (32, 16, 24, 3)])
def test_a_cube_shows_its_target(shape):
    cube = torch.full(shape, 1e-6)
    cube[8, 4, 12] = 1.0
    drawn = RadarTensor.picture(Sample("s", {"radar": cube}), "radar")
    assert drawn.dtype == np.uint8
    yellow = (drawn[..., 0] > 240) & (drawn[..., 1] > 220) & (drawn[..., 2] < 60)
    rows = np.nonzero(yellow[:, :330].any(1))[0]  # the left map
    assert rows.mean() > drawn.shape[0] / 2  # near is down
    empty = RadarTensor.picture(Sample("s", {"radar": torch.zeros(shape)}), "radar")
    assert not np.array_equal(drawn, empty)


def test_an_entry_that_is_neither_is_refused():
    with pytest.raises(DataError, match=r"a cube \[R, D, A\]"):
        RadarTensor.picture(Sample("s", {"radar": torch.zeros(3, 4)}), "radar")
    with pytest.raises(DataError, match=r"radar points \[P, 9\]"):
        RadarPoints.picture(Sample("s", {"radar": Rows(torch.zeros(3, 4))}), "radar")
