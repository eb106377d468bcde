"""Pictures side by side, and classes in colour."""

import numpy as np
import pytest
import torch

from xmodal.report.panels import IGNORED, PALETTE, colour_map, panel

RED, BLUE = np.uint8([255, 0, 0]), np.uint8([0, 0, 255])


def filled(height: int, width: int, colour: np.ndarray) -> np.ndarray:
    return np.broadcast_to(colour, (height, width, 3)).astype(np.uint8)


def box(page: np.ndarray, colour: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((page == colour).all(2))
    assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    return int(rows.min()), int(np.ptp(rows)) + 1, int(columns.min()), int(np.ptp(columns)) + 1


def test_small_pictures_grow_by_whole_factors_to_one_height() -> None:
    page = np.asarray(panel([("image", filled(96, 192, RED)), ("cells", filled(12, 24, BLUE))]))
    red, blue = box(page, RED), box(page, BLUE)
    assert (red[1], red[3]) == (192, 384)
    assert (blue[1], blue[3]) == (192, 384)
    assert blue[0] == red[0]
    assert blue[2] >= red[2] + red[3]


def test_cells_stay_squares_of_one_colour() -> None:
    cells = np.random.default_rng(0).integers(0, 255, (4, 5, 3)).astype(np.uint8)
    page = np.asarray(panel([("", cells)]))
    factor = 256 // 4
    below = page[-4 * factor :, : 5 * factor]
    np.testing.assert_array_equal(below, cells.repeat(factor, 0).repeat(factor, 1))


def test_large_pictures_keep_their_size() -> None:
    assert box(np.asarray(panel([("x", filled(300, 500, RED))])), RED)[1::2] == (300, 500)


def test_titles_stand_above_and_are_never_cut() -> None:
    bare, named = (np.asarray(panel([(t, filled(256, 16, RED))])) for t in ("", "a title much wider than its picture"))
    top = box(named, RED)[0]
    assert (bare[:top] == 255).all()
    assert (named[:top] < 128).any()
    assert named.shape[1] > bare.shape[1]
    assert (named[:, -1] == 255).all()


def test_titles_may_hold_more_than_ascii() -> None:
    arrow, bar = (np.asarray(panel([(t, filled(256, 256, RED))])) for t in ("→", "−"))  # noqa: RUF001
    assert (arrow != bar).any()


@pytest.mark.parametrize("picture", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_other_arrays_are_refused_by_title(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="'depth': expected uint8"):
        panel([("depth", picture)])
    with pytest.raises(ValueError, match="at least one"):
        panel([])


def test_classes_take_their_colours() -> None:
    drawn = colour_map(torch.tensor([[0, 2], [-1, 1]]), np.stack([RED, BLUE, RED + BLUE]))
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn, [[RED, RED + BLUE], [IGNORED, BLUE]])


def test_another_index_may_be_ignored() -> None:
    np.testing.assert_array_equal(colour_map([[255, 0]], ignore=255), [[IGNORED, PALETTE[0]]])


@pytest.mark.parametrize("bad", [20, -2])
def test_a_class_without_a_colour_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match=f"class {bad} has no colour: the palette has 20"):
        colour_map([[0, bad]])
    with pytest.raises(ValueError, match="class indices"):
        colour_map(np.zeros((2, 2)))


def test_colours_of_the_palette_can_be_told_apart() -> None:
    assert PALETTE.shape == (20, 3)
    colours = np.vstack([PALETTE, [IGNORED]]).astype(float)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1) + 1e9 * np.eye(21)
    assert apart.min() > 40
