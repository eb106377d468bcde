"""Rasters from .npy and TIFF, real, synthetic and damaged."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.raster import RasterConv
from xmodal.modalities.raster.read import read_raster

tifffile = pytest.importorskip("tifffile")
RANDOM = np.random.default_rng(0)
BANDS = RANDOM.normal(size=(5, 13, 17)).astype(np.float32)


def write(path: Path, bands: np.ndarray = BANDS, interleaved: bool = False, **options) -> Path:
    values, planar = (bands.transpose(1, 2, 0), "contig") if interleaved else (bands, "separate")
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig=planar, metadata=None, **options)
    return path


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "options", [{}, {"rowsperstrip": 4}, {"tile": (16, 16)}, {"compression": "zlib"}, {"bigtiff": True}], ids=str
)
def test_every_layout_gives_the_bands_that_were_written(tmp_path, interleaved, order, options):
    raster = read_raster(write(tmp_path / "a.tif", interleaved=interleaved, byteorder=order, **options))
    assert raster.dtype == torch.float32
    np.testing.assert_array_equal(raster.numpy(), BANDS)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.uint32, np.float64])
def test_every_type_of_number(tmp_path, kind):
    values = (BANDS * 50 + 100).astype(kind)
    np.testing.assert_array_equal(read_raster(write(tmp_path / "a.tif", values)).numpy(), values.astype(np.float32))


def test_pages_of_one_size_are_bands_and_smaller_copies_are_not(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for band in BANDS:
            tiff.write(band, metadata=None)
        tiff.write(BANDS[0, ::2, ::2], metadata=None, subfiletype=1)
    np.testing.assert_array_equal(read_raster(tmp_path / "a.tif").numpy(), BANDS)
    tifffile.imwrite(tmp_path / "a.tif", BANDS[0, :4], append=True, metadata=None)
    with pytest.raises(DataError, match="pages of one size and type"):
        read_raster(tmp_path / "a.tif")


@pytest.mark.parametrize("differences", [1, 2])
def test_lzw_equals_what_pillow_wrote(tmp_path, differences):
    pixels = RANDOM.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression="tiff_lzw", tiffinfo={317: differences})
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert int(tiff.pages[0].predictor) == differences
    np.testing.assert_array_equal(read_raster(tmp_path / "a.tif").numpy(), pixels.transpose(2, 0, 1))


def test_nodata_becomes_nan(tmp_path):
    values = BANDS.copy()
    values[1, 2, 3], values[0, 0, 0] = -9999, 15000
    path = write(tmp_path / "a.tif", values, extratags=[(42113, 2, 6, "-9999", True)])
    assert read_raster(path).isnan().nonzero().tolist() == [[1, 2, 3]]
    assert read_raster(path, nodata=15000).isnan().nonzero().tolist() == [[0, 0, 0], [1, 2, 3]]
    path = write(tmp_path / "a.tif", extratags=[(42113, 2, 5, "none", True)])
    with pytest.raises(DataError, match="GDAL_NODATA: expected a number, found 'none'"):
        read_raster(path)


def test_npy_holds_bands_first_and_nan_stays(tmp_path):
    values = BANDS.copy()
    values[0, 1, 1] = np.nan
    np.save(tmp_path / "a.npy", values)
    np.testing.assert_array_equal(RasterConv.read(tmp_path / "a.npy").numpy(), values)
    np.save(tmp_path / "a.npy", values[2])
    assert read_raster(tmp_path / "a.npy").shape == (1, 13, 17)


def test_infinity_is_refused(tmp_path):
    values = BANDS.astype(np.float64)
    values[1, 2, 3] = 1e300
    for path in (write(tmp_path / "a.tif", values), tmp_path / "a.npy"):
        np.save(tmp_path / "a.npy", values)
        with pytest.raises(DataError, match="band 1, row 2, column 3: expected a number within the range"):
            read_raster(path)


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(DataError, match="sample format: expected real numbers"):
        read_raster(write(tmp_path / "a.tif", BANDS.astype(np.complex64)))
    Image.fromarray((BANDS[0] * 50 + 100).astype(np.uint8)).save(tmp_path / "a.tif", compression="packbits")
    with pytest.raises(DataError, match=r"compression: expected none, LZW or deflate, found .*"):
        read_raster(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("side", "message"),
    [(60_000, r"height, width, bands: .* found \(60000, 60000, 1\)"), (8_000, "enough for 8000 x 8000 x 1 values")],
)
def test_a_size_that_the_file_has_no_room_for_is_refused_at_once(tmp_path, side, message):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, BANDS[0], metadata=None)
    raw = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        places = [tiff.pages[0].tags[code].valueoffset for code in (256, 257, 278)]  # width, height, rows a strip
    for place in places:
        raw[place : place + 4] = side.to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(DataError, match=message):
        read_raster(path)


def test_truncated_missing_and_foreign_files_are_refused(tmp_path):
    path = write(tmp_path / "a.tif", rowsperstrip=4)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"a\.tif"):
        read_raster(path)
    path.write_bytes(b"no tiff at all")
    with pytest.raises(DataError, match="expected an intact TIFF"):
        read_raster(path)
    with pytest.raises(DataError, match="no such file"):
        read_raster(tmp_path / "none.tif")
    with pytest.raises(DataError, match=r"suffix '\.jp2'"):
        read_raster(tmp_path / "a.jp2")


@pytest.mark.parametrize("kind", ["plain.tif", "zlib.tif", "lzw.tif", "npy"])
def test_damaged_files_give_data_or_a_good_error(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "npy":
        np.save(path, BANDS)
    elif kind == "lzw.tif":
        Image.fromarray((BANDS[0] * 50 + 100).astype(np.uint8)).save(path, compression="tiff_lzw")
    else:
        write(path, compression="zlib" if "zlib" in kind else None)
    assert survive(read_raster, path, 200) > 40


def test_real_hyperspectral_and_canopy_files(data_root):
    folder = data_root / "idtrees2020" / "RemoteSensing"
    path = next(iter(sorted((folder / "HSI").glob("*.tif"))))
    hsi = read_raster(path)
    assert hsi.shape == (369, 20, 20)
    with tifffile.TiffFile(path) as tiff:
        by_hand = tiff.asarray()
    np.testing.assert_array_equal(hsi.numpy(), by_hand.transpose(2, 0, 1).astype(np.float32))
    canopy = read_raster(folder / "CHM" / "MLBS_1.tif")
    assert canopy.shape == (1, 20, 20)
    with Image.open(folder / "CHM" / "MLBS_1.tif") as image:
        np.testing.assert_array_equal(canopy[0].numpy(), np.array(image))
    assert canopy.min() >= 0  # metres above the ground
    assert 10 < canopy.max() < 50
    assert read_raster(folder / "RGB" / "MLBS_1.tif").shape == (3, 200, 200)
