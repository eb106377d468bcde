"""The picture of EEG: traces where they belong, a scale bar that fits, a map that shows front and back."""

import numpy as np
import pytest
import torch

from xmodal.data.sample import Sample
from xmodal.modalities.eeg.base import EEGAdapter
from xmodal.modalities.eeg.picture import round_size
from xmodal.modalities.eeg.topomap import flat_places, thin_plate

PLACES = np.array([[0, 0.08, 0.04], [0, -0.08, 0.04], [0.08, 0, 0.04], [-0.08, 0, 0.04], [0, 0, 0.12]])


def drawn(data: torch.Tensor, **meta: object) -> np.ndarray:
    return np.asarray(
        EEGAdapter.picture(Sample("s", {"eeg": data}, meta={k: {"eeg": v} for k, v in meta.items()}), "eeg")
    )


def ink(image: np.ndarray) -> np.ndarray:
    """[H, W] bool: the dark blue of the traces."""
    r, g, b = image.astype(int).transpose(2, 0, 1)
    return (b - r > 25) & (r < 120) & (g < 140)


def test_the_picture_has_its_size_and_type() -> None:
    image = drawn(torch.randn(5, 400))
    assert image.dtype == np.uint8
    assert image.shape == (360, 1200, 3)
    assert drawn(torch.randn(64, 400)).shape[0] > 1500


def test_the_first_channel_is_on_top_and_positive_is_up() -> None:
    data = torch.zeros(3, 300)
    data[0, 100:200] = 40
    image = ink(drawn(data))
    rows = [np.flatnonzero(image[:, column]).mean() for column in (600, 100)]
    step = image[:, 560:620].any(1).nonzero()[0].min()
    assert step < image[:, 100:200].any(1).nonzero()[0].min() - 20
    assert rows[0] < rows[1]


def test_a_flat_window_and_one_of_one_sample_are_drawn() -> None:
    assert ink(drawn(torch.zeros(2, 50))).any()
    assert drawn(torch.ones(1, 1)).shape == (360, 1200, 3)


@pytest.mark.parametrize(("limit", "size"), [(73.0, 50), (20.0, 20), (1.0, 1), (0.19, 0.1), (9999.0, 5000)])
def test_the_scale_bar_is_a_round_number(limit: float, size: float) -> None:
    assert round_size(limit) == pytest.approx(size)


def test_the_map_appears_with_places_only_and_is_red_where_strong() -> None:
    data = torch.randn(5, 400)
    data[0] *= 20
    bare, mapped = drawn(data), drawn(data, positions_m=PLACES.tolist())
    redness, without = (image[:280, 860:1100, 0].astype(int) - image[:280, 860:1100, 1] for image in (mapped, bare))
    assert (redness > 60).sum() > 200
    assert not (without > 60).any()
    pale = mapped[:280, 860:1100, 1].astype(int) - mapped[:280, 860:1100, 2] > 20  # the weak end of the scale
    front, back = (np.flatnonzero(where.any(1)) for where in (redness > 60, pale & (redness < 10)))
    assert front.mean() < back.mean() - 30


def test_electrodes_lie_flat_by_their_angle() -> None:
    np.testing.assert_allclose(flat_places(PLACES), [[0, 1], [0, -1], [1, 0], [-1, 0], [0, 0]], atol=1e-12)


def test_the_surface_passes_through_its_values_and_keeps_planes() -> None:
    places = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    values = np.random.default_rng(1).normal(size=12)
    np.testing.assert_allclose(thin_plate(places, values, places), values, atol=1e-9)
    elsewhere = np.random.default_rng(2).uniform(-1, 1, (30, 2))
    plane = 3 + places @ [2.0, -1.0]
    np.testing.assert_allclose(thin_plate(places, plane, elsewhere), 3 + elsewhere @ [2.0, -1.0], atol=1e-9)
