"""The camera does what its ranges say, and does not lose the digit."""

import numpy as np
import pytest

from xmodal.benchmarks.digits_av import camera
from xmodal.benchmarks.digits_av.camera import IMAGE_PX, photograph


@pytest.fixture
def calm(monkeypatch):
    """A camera without scribbles, noise and geometry."""
    for name, value in (
        ("MOST_SCRIBBLES", 0), ("NOISE", (0.0, 0.0)), ("BLUR_PX", (0.3, 0.3)), ("ROTATION_DEG", 0.0), ("SLANT", 0.0),
        ("SHIFT_PX", 0.0), ("SCALE", (1.0, 1.0)), ("NEGATIVE", 0.0), ("PEN", (1.0, 1.0)),
    ):  # fmt: skip
        monkeypatch.setattr(camera, name, value)


def ink(column):
    out = np.zeros((8, 8))
    out[:, column] = 1
    return out


def grey(photo):
    return photo.image.astype(float).mean(0)


def test_ink_is_dark_on_paper_and_stays_in_its_place(calm):
    image = grey(photograph(ink(1), np.random.default_rng(0)))
    assert image.shape == (IMAGE_PX, IMAGE_PX)
    assert abs(int(image[16].argmin()) - 5.5) <= 1.5  # column 1 of 8 covers columns 4 to 7 of 32


def test_a_negative_is_light_on_dark(calm, monkeypatch):
    monkeypatch.setattr(camera, "NEGATIVE", 1.0)
    photo = photograph(ink(4), np.random.default_rng(0))
    assert photo.negative
    assert grey(photo)[:, 16:20].mean() > grey(photo)[:, :8].mean()


def test_lean_to_the_right_moves_the_top_to_the_right(calm, monkeypatch):
    monkeypatch.setattr(camera, "SLANT", 0.4)
    seen = 0
    for seed in range(8):
        photo = photograph(ink(4), np.random.default_rng(seed))
        if abs(photo.lean) > 0.15:
            top, bottom = grey(photo)[4:9].mean(0).argmin(), grey(photo)[23:28].mean(0).argmin()
            assert (top > bottom) == (photo.lean > 0)
            seen += 1
    assert seen >= 3


def test_a_clockwise_turn_leans_to_the_right(calm, monkeypatch):
    monkeypatch.setattr(camera, "ROTATION_DEG", 20.0)
    photos = [photograph(ink(4), np.random.default_rng(seed)) for seed in range(8)]
    turned = [p for p in photos if abs(p.lean) > 0.15]
    assert len(turned) >= 3
    for photo in turned:
        top, bottom = grey(photo)[4:9].mean(0).argmin(), grey(photo)[23:28].mean(0).argmin()
        assert (top > bottom) == (photo.lean > 0)


def test_a_low_pen_exponent_means_more_ink(calm, monkeypatch):
    soft = np.full((8, 8), 0.0)
    soft[:, 3:5] = 0.4

    def darkness(pen):
        monkeypatch.setattr(camera, "PEN", (pen, pen))
        image = grey(photograph(soft, np.random.default_rng(1)))
        return image[:, :4].mean() - image[:, 12:20].mean()

    assert darkness(0.6) > 1.3 * darkness(1.6)


def test_photographs_differ_by_their_seed_and_repeat():
    one, again, other = (photograph(ink(3), np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.image, again.image)
    assert (one.image != other.image).mean() > 0.5
