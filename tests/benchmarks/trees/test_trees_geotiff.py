"""The GeoTIFF reader: values, the map, and refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xmodal.benchmarks.trees.geotiff import read_geotiff
from xmodal.errors import DataError

WriteTiff = Callable[..., Path]


def _pixels(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (40, 30, channels)).astype(np.float32)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pixels_survive_every_encoding(write_tiff: WriteTiff, compressed: bool, order: str) -> None:
    image = read_geotiff(write_tiff(_pixels(), compressed=compressed, order=order))
    np.testing.assert_array_equal(image.pixels, _pixels().transpose(2, 0, 1))
    assert image.pixels.dtype == np.float32


def test_the_tiepoint_is_the_upper_left_corner_and_y_points_down(write_tiff: WriteTiff) -> None:
    image = read_geotiff(write_tiff(_pixels()))
    np.testing.assert_allclose(image.uv_px(np.array([500000.0, 4000000.0])), [0, 0])
    np.testing.assert_allclose(image.uv_px(np.array([500001.0, 3999998.0])), [2, 4])


def test_a_tiepoint_inside_the_image_is_honoured(write_tiff: WriteTiff) -> None:
    image = read_geotiff(write_tiff(_pixels(), tie=(10, 20, 0, 500000.0, 4000000.0, 0)))
    np.testing.assert_allclose(image.uv_px(np.array([500000.0, 4000000.0])), [10, 20])


def test_pixel_is_point_ties_the_centre_of_the_pixel(write_tiff: WriteTiff) -> None:
    image = read_geotiff(write_tiff(_pixels(), point=True))
    np.testing.assert_allclose(image.uv_px(np.array([500000.0, 4000000.0])), [0.5, 0.5])


def test_map_to_pixel_and_back(write_tiff: WriteTiff) -> None:
    image = read_geotiff(write_tiff(_pixels()))
    uv = np.random.default_rng(1).uniform(-5, 50, (20, 2))
    np.testing.assert_allclose(image.uv_px(image.xy_m(uv)), uv, atol=1e-8)


def test_contains_stops_at_the_edges(write_tiff: WriteTiff) -> None:
    image = read_geotiff(write_tiff(_pixels()))  # 15 m wide, 20 m high
    x, y = 500000.0, 4000000.0
    points = np.array([[x, y], [x + 14.9, y - 19.9], [x - 0.1, y - 1], [x + 15, y - 1], [x + 1, y + 0.1], [x, y - 20]])
    assert image.contains(points).tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("options", "channels", "field"),
    [
        ({"scale": None}, 3, "ModelPixelScaleTag"),
        ({"tie": None}, 3, "ModelTiepointTag"),
        ({"scale": (0.0, 0.5, 0.0)}, 3, "above 0"),
        ({"scale": (float("nan"), 0.5, 0.0)}, 3, "finite"),
        ({}, 4, "channels"),
        ({}, 1, "channels"),
    ],
)
def test_a_rule_broken_is_named(write_tiff: WriteTiff, options: dict[str, object], channels: int, field: str) -> None:
    with pytest.raises(DataError, match=field):
        read_geotiff(write_tiff(_pixels(channels), **options))


def test_not_a_number_is_refused(write_tiff: WriteTiff) -> None:
    pixels = _pixels()
    pixels[3, 4, 1] = np.nan
    with pytest.raises(DataError, match="finite values"):
        read_geotiff(write_tiff(pixels))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_geotiff(tmp_path / "none.tif")


@pytest.mark.parametrize("compressed", [False, True])
def test_mutated_files_give_data_or_a_data_error(write_tiff: WriteTiff, compressed: bool) -> None:
    path = write_tiff(_pixels(), compressed=compressed)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(150):
        raw = bytearray(whole)
        # Half of the changes hit the directory at the end, which rules everything else.
        place = rng.integers(len(raw) - 330, len(raw), 3) if number % 2 else rng.integers(0, len(raw), 3)
        for k in place:
            raw[k] = rng.integers(256)
        path.write_bytes(raw if number % 3 else raw[: rng.integers(len(raw))])
        try:
            assert read_geotiff(path).pixels.shape[0] == 3
        except DataError:
            refused += 1
    assert refused > 50


def test_real_rasters_are_20_m_of_0_to_255(data_root: Path) -> None:
    image = read_geotiff(data_root / "idtrees2020" / "RemoteSensing" / "RGB" / "MLBS_1.tif")
    assert image.pixels.shape == (3, 200, 200)
    assert image.corner_m == (542055.0, 4134999.0)
    assert image.pixel_m == (0.1, 0.1)
    # The statistics that GDAL wrote into this file's own metadata.
    np.testing.assert_allclose(image.pixels.mean((1, 2)), [142.738325, 149.371725, 86.247475], rtol=1e-6)
    np.testing.assert_allclose(image.pixels.std((1, 2), ddof=1), [39.098816, 38.157377, 22.471928], rtol=1e-5)
    assert image.pixels.min((1, 2)).tolist() == [31, 39, 5]
