"""The picture of an image: what is drawn lies where the link says."""

import numpy as np
import pytest
import torch

from xmodal.data.sample import Entry, Label, Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.image.picture import picture

GREY = torch.full((3, 40, 120), 128, dtype=torch.uint8)


def with_points(uv: list[list[float]], distance: list[float]) -> Sample:
    points = torch.tensor([[d, 0.0, 0.0, 0.5] for d in distance])
    return Sample("s", {"image": GREY, "lidar": Rows(points)}, {("lidar", "image"): Rows(torch.tensor(uv))})


def coloured(drawn: np.ndarray) -> np.ndarray:
    """[H, W] bool: saturated colours only, so neither the grey image nor captions count."""
    return (drawn.max(2).astype(int) - drawn.min(2)) > 25


def test_a_small_image_is_enlarged_and_otherwise_unchanged() -> None:
    image = torch.zeros(3, 40, 120, dtype=torch.uint8)
    image[0, :, 60:] = 255
    drawn = picture(Sample("s", {"image": image}), "image")
    assert drawn.shape == (400, 1200, 3)
    assert drawn.dtype == np.uint8
    assert drawn[200, 300].tolist() == [0, 0, 0]
    assert drawn[200, 900].tolist() == [255, 0, 0]


def test_float_images_look_like_their_bytes() -> None:
    drawn = [picture(Sample("s", {"image": image}), "image") for image in (GREY, GREY.float() / 255)]
    assert np.array_equal(*drawn)


def test_points_are_drawn_at_their_pixels_and_nowhere_else() -> None:
    drawn = coloured(picture(with_points([[30.0, 20.0], [60.0, 10.0], [torch.nan, torch.nan]], [5, 20, 9]), "image"))
    drawn[:, 1080:] = False  # the scale of distances
    rows, columns = np.nonzero(drawn)
    left = columns < 450
    assert (columns[left].mean(), rows[left].mean()) == pytest.approx((300, 200), abs=1.5)
    assert (columns[~left].mean(), rows[~left].mean()) == pytest.approx((600, 100), abs=1.5)


def test_near_is_red_and_far_is_blue() -> None:
    drawn = picture(with_points([[30.0, 20.0], [60.0, 10.0]], [5, 50]), "image").astype(int)
    near, far = drawn[200, 300], drawn[100, 600]
    assert near[0] > near[2] + 50
    assert far[2] > far[0]


def test_a_link_from_an_entry_without_coordinates_is_drawn_white() -> None:
    link = {("events", "image"): Rows(torch.tensor([[30.0, 20.0]]))}
    drawn = picture(Sample("s", {"image": GREY}, link), "image")
    assert drawn[200, 300].tolist() == [255, 255, 255]


def test_each_dense_label_adds_a_panel() -> None:
    seg, depth = torch.full((40, 120), -1), torch.full((40, 120), torch.nan)
    seg[:, 60:], depth[:, :60] = 1, 3.0
    labels: dict[str, Label] = {"seg": {"image": seg}, "depth": {"image": depth}, "whole": torch.tensor(1)}
    drawn = picture(Sample("s", {"image": GREY}, labels=labels), "image")
    assert drawn.shape == (3 * 400 + 2 * 6, 1200, 3)
    panel = coloured(drawn[406:806])
    assert panel[100:300, 620:].all()
    assert not panel[100:300, :580].any()


@pytest.mark.parametrize("entry", [Rows(torch.zeros(5, 4)), torch.zeros(1, 4, 4)])
def test_what_is_no_image_is_refused(entry: Entry) -> None:
    with pytest.raises(DataError, match="an image"):
        picture(Sample("s", {"image": entry}), "image")
