"""Hyperspectral windows: wavelengths, kept bands, the pixels of the crown, and broken files."""

import numpy as np
import pytest
import torch

from xmodal.benchmarks.trees.geo_image import GeoImage
from xmodal.benchmarks.trees.hsi import (
    KEPT_NM,
    crown_window,
    false_colour_bands,
    merged_bands,
    merged_nm,
    read_hsi,
    wavelengths_nm,
)
from xmodal.errors import DataError


def cube(values, corner_m=(100.0, 200.0)):
    return GeoImage(np.asarray(values, dtype=np.float32), corner_m, (1.0, 1.0))


def test_the_wavelengths_step_over_the_gaps_of_the_water_vapour():
    nm = wavelengths_nm()
    assert nm.shape == (369,)
    steps = np.diff(nm)
    assert np.flatnonzero(steps > 6).tolist() == [191, 264]
    assert nm[191] < 1345 < 1430 < nm[192]
    assert nm[264] < 1800 < 1956 < nm[265]
    assert nm[-1] == pytest.approx(2476.8, abs=0.1)


def test_kept_bands_are_means_of_neighbours_inside_the_stated_ranges():
    groups, nm = merged_bands(), wavelengths_nm()
    assert groups.shape == (83, 4)
    assert (np.diff(groups, axis=1) == 1).all()
    assert len(np.unique(groups)) == groups.size
    assert all(any(low <= nm[g].min() and nm[g].max() <= high for low, high in KEPT_NM) for g in groups)
    np.testing.assert_allclose(merged_nm()[list(false_colour_bands())], (860, 660, 550), atol=10)


def test_a_file_becomes_reflectance_and_unmeasured_pixels_nan(write_hsi):
    values = np.full((369, 20, 20), 2500)
    values[:, 0, 0] = -9999
    values[:, 0, 1] = 0
    values[:, 0, 2] = np.arange(369)
    found = read_hsi(write_hsi("MLBS_1", values))
    assert found.pixels.shape == (83, 20, 20)
    assert found.pixels[:, 5, 5] == pytest.approx(0.25)
    assert np.isnan(found.pixels[:, 0, :2]).all()
    np.testing.assert_allclose(found.pixels[:, 0, 2], merged_bands().mean(1) / 10_000, rtol=1e-6)
    assert found.corner_m == (500100.0, 4000000.0)


def test_a_window_holds_the_crown_and_nothing_else():
    pixels = np.arange(400.0).reshape(1, 20, 20)
    window = crown_window(cube(pixels), (104.2, 190.8, 107.6, 193.7), 9)[0]  # centre in column 5, row 7
    assert window[4, 4] == 7 * 20 + 5
    known = window.isfinite()
    assert known.any(0).nonzero().flatten().tolist() == [3, 4, 5, 6]  # centres at 104.5 to 107.5
    assert known.any(1).nonzero().flatten().tolist() == [3, 4, 5]  # centres at 193.5 to 191.5
    assert known.sum() == 12
    assert window[3, 3] == 6 * 20 + 4


def test_a_window_over_the_edge_is_nan_beyond_it():
    window = crown_window(cube(np.ones((2, 20, 20))), (98.0, 197.0, 103.0, 202.0), 5)
    assert window.shape == (2, 5, 5)
    assert torch.equal(window[0].isfinite(), (torch.arange(5) >= 2).outer(torch.arange(5) >= 2))


def test_a_crown_smaller_than_a_pixel_keeps_the_pixel_it_lies_in():
    window = crown_window(cube(np.ones((1, 20, 20))), (110.1, 190.1, 110.3, 190.3), 9)
    assert window.isfinite().sum() == 1


def test_a_crown_off_the_image_is_refused():
    with pytest.raises(DataError, match="crown: expected a centre on the hyperspectral image"):
        crown_window(cube(np.ones((1, 20, 20))), (0.0, 0.0, 2.0, 2.0), 9)


def test_another_number_of_bands_is_refused(write_hsi):
    with pytest.raises(DataError, match=r"MLBS_2\.tif: bands: expected 369, found 300"):
        read_hsi(write_hsi("MLBS_2", np.ones((300, 20, 20))))


def test_values_that_are_no_reflectance_are_refused(write_hsi):
    with pytest.raises(DataError, match=r"MLBS_2\.tif: pixels: expected reflectance times 10000.*up to 30000"):
        read_hsi(write_hsi("MLBS_2", np.full((369, 4, 4), 30_000)))


def test_a_file_without_a_place_on_the_map_is_refused(write_hsi):
    with pytest.raises(DataError, match=r"ModelPixelScaleTag"):
        read_hsi(write_hsi("MLBS_2", np.ones((369, 4, 4)), placed=False))


def test_a_truncated_file_is_refused(write_hsi):
    path = write_hsi("MLBS_2", np.ones((369, 4, 4)))
    path.write_bytes(path.read_bytes()[:9_000])
    with pytest.raises(DataError, match=r"MLBS_2\.tif"):
        read_hsi(path)


def test_the_oxygen_line_of_real_plots_lies_on_its_band(data_root):
    from xmodal.modalities.raster.read import read_raster

    values = read_raster(data_root / "idtrees2020/RemoteSensing/HSI/MLBS_1.tif").flatten(1).median(1).values.numpy()
    nm = wavelengths_nm()
    near = np.flatnonzero((nm > 750) & (nm < 772))
    line = near[np.argmin(values[near] - (values[near - 1] + values[near + 1]) / 2)]
    assert nm[line] == pytest.approx(760.5, abs=3)
