"""NIfTI files: agreement with nibabel and with bytes written by hand, and refusal of what breaks the format."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.volume import VolumeConv, read_nifti

nib = pytest.importorskip("nibabel")
SHAPE = (5, 6, 7)
OBLIQUE = np.array([[-1.9, 0.2, 0.1, 90], [0.3, 0.2, 2.4, -126], [0.1, -1.5, 0.2, 72], [0, 0, 0, 1]])
"""x to the left, y downwards, z to the front: every axis has to move."""


def write(path: Path, *, shape=SHAPE, dtype=np.float32, affine=OBLIQUE, kind=None, slope=None, seed=0) -> Path:
    values = np.random.default_rng(seed).normal(100, 40, shape).clip(0, 250).astype(dtype)
    image = (kind or nib.Nifti1Image)(values, affine)
    image.header.set_xyzt_units("mm", "sec")
    if slope:
        image.header.set_slope_inter(*slope)
    nib.save(image, path)
    return path


def patched(path: Path, place: int, form: str, *values) -> Path:
    raw = bytearray(path.read_bytes())
    struct.pack_into(form, raw, place, *values)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i2", "u2", "i4", "u4", "i8", "u8", "f4", ">f4", "f8"])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_values_and_affine_agree_with_nibabel(tmp_path, dtype, ending):
    values = np.random.default_rng(0).normal(60, 20, SHAPE).clip(0, 120).astype(dtype)
    header = nib.Nifti1Header(endianness=">" if dtype.startswith(">") else "<")
    header.set_data_dtype(values.dtype)
    path = tmp_path / f"v{ending}"
    nib.save(nib.Nifti1Image(values, OBLIQUE, header), path)
    own, theirs = read_nifti(path), nib.as_closest_canonical(nib.load(path))
    assert own.data.dtype == torch.float32
    assert np.array_equal(own.data[0].numpy().transpose(2, 1, 0), theirs.get_fdata().astype(np.float32))
    assert np.allclose(own.affine.numpy(), theirs.affine, atol=1e-12)
    assert "".join(nib.aff2axcodes(own.affine.numpy())) == "RAS"


def test_nifti_2_and_scaled_integers_agree_with_nibabel(tmp_path):
    for kind in (nib.Nifti1Image, nib.Nifti2Image):
        path = write(tmp_path / f"{kind.__name__}.nii", dtype=np.int16, kind=kind, slope=(0.37, -12.5))
        theirs = nib.as_closest_canonical(nib.load(path)).get_fdata()
        own = read_nifti(path).data[0].numpy().transpose(2, 1, 0)
        assert np.abs(own - theirs).max() < 1e-5
        assert not np.array_equal(theirs, np.round(theirs))


def test_a_file_written_byte_by_byte(tmp_path):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 2, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 0.003, 0.002, 0.002, 0, 0, 0, 0)
    struct.pack_into("<fff", header, 108, 352, 2, 1)
    header[123] = 1  # metres
    struct.pack_into("<hh", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, -0.003, 0, 0, 0.1, 0, 0.002, 0, 0, 0, 0, 0.002, 0)
    header[344:348] = b"n+1\0"
    struct.pack_into("<h", header, 254, 4)
    (tmp_path / "v.nii").write_bytes(bytes(header) + struct.pack("<2h", 10, 20))
    volume = read_nifti(tmp_path / "v.nii")
    # The file runs to the left; in RAS+ its last voxel comes first: 100 mm - 3 mm.
    assert volume.data.flatten().tolist() == [41, 21]
    assert volume.affine[:, 3].tolist() == pytest.approx([97, 0, 0, 1], abs=1e-4)
    assert volume.spacing_mm == pytest.approx((3, 2, 2), abs=1e-4)
    assert volume.space == "mni152"


def test_a_voxel_keeps_its_place_in_the_body(tmp_path):
    path = write(tmp_path / "v.nii")
    raw = nib.load(path).get_fdata()
    place = np.unravel_index(raw.argmax(), raw.shape)
    volume = read_nifti(path)
    z, y, x = np.unravel_index(int(volume.data.argmax()), tuple(volume.data.shape[1:]))
    assert np.allclose(OBLIQUE @ [*place, 1], volume.affine.numpy() @ [x, y, z, 1], atol=1e-4)


def test_the_qform_serves_where_the_sform_is_unset(tmp_path):
    turn = np.diag([-2.0, 2.0, 3.0, 1.0])
    turn[:3, 3] = 5, 6, 7
    image = nib.Nifti1Image(np.zeros(SHAPE, np.float32), None)
    image.set_sform(None, 0)
    image.set_qform(turn, 1)
    nib.save(image, tmp_path / "v.nii")
    volume, theirs = read_nifti(tmp_path / "v.nii"), nib.as_closest_canonical(nib.load(tmp_path / "v.nii"))
    assert np.allclose(volume.affine.numpy(), theirs.affine, atol=1e-5)
    assert volume.space == "scanner"


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_of_a_dynamic_file_a_frame_or_the_mean_is_chosen(tmp_path, ending):
    path = write(tmp_path / f"pet{ending}", shape=(4, 5, 6, 3), affine=np.diag([2.0, 2, 2, 1]))
    frames = nib.load(path).get_fdata().transpose(3, 2, 1, 0)
    with pytest.raises(DataError, match='frame: expected a number below 3, or "mean", found none chosen'):
        read_nifti(path)
    assert np.array_equal(read_nifti(path, frame=1).data[0].numpy(), frames[1].astype(np.float32))
    assert np.allclose(read_nifti(path, frame="mean").data[0].numpy(), frames.mean(0), atol=1e-4)
    weighted = np.average(frames, axis=0, weights=[60, 60, 300])
    assert np.allclose(read_nifti(path, frame="mean", weights=[60, 60, 300]).data[0].numpy(), weighted, atol=1e-4)
    for options in ({"frame": 3}, {"frame": -1}, {"frame": True}, {"frame": "mean", "weights": [1, 2]}, {"frame": 0.0}):
        with pytest.raises(DataError, match=r"frame|weights"):
            read_nifti(path, **options)
    with pytest.raises(DataError, match="weights"):
        read_nifti(path, frame=0, weights=[1, 1, 1])


def test_voxels_that_are_no_numbers_are_refused_or_filled(tmp_path):
    values = np.ones(SHAPE, np.float64)
    values[0, 0, 0], values[1, 1, 1], values[2, 2, 2] = np.nan, np.inf, 1e300
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "v.nii")
    with pytest.raises(DataError, match="found 3 of 210 that are NaN, infinite or beyond float32"):
        read_nifti(tmp_path / "v.nii")
    filled = read_nifti(tmp_path / "v.nii", fill=0.0).data
    assert filled.sum() == 207


@pytest.mark.parametrize(
    ("place", "form", "values", "message"),
    [
        (0, "<i", (347,), "sizeof_hdr"),
        (344, "<4s", (b"ni1\0",), "magic"),
        (40, "<h", (2,), r"dim\[0\]"),
        (40, "<h", (300,), r"dim\[0\]"),
        (42, "<h", (-5,), "sides of at least 1"),
        (42, "<3h", (32767, 32767, 32767), "fits into 2 GiB"),
        (40, "<6h", (5, 5, 6, 7, 1, 2), "no axes beyond"),
        (70, "<h", (128,), "datatype"),
        (70, "<h", (1792,), "datatype"),
        (72, "<h", (16,), "bitpix: expected 32 for datatype 16, found 16"),
        (108, "<f", (0,), "vox_offset"),
        (108, "<f", (352.5,), "vox_offset"),
        (108, "<f", (np.nan,), "vox_offset"),
        (108, "<f", (1e30,), "vox_offset"),
        (108, "<f", (368,), "size: expected 1208 bytes by its header, found 1192"),
        (112, "<f", (np.inf,), "scl_slope"),
        (116, "<f", (np.nan,), "scl_slope"),
        (80, "<f", (0,), "pixdim"),
        (80, "<f", (np.nan,), "pixdim"),
        (252, "<hh", (0, 0), "nobody knows left from right"),
        (254, "<h", (9,), "sform_code"),
        (280, "<12f", (1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0), "spacing"),
        (280, "<12f", (1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0), "singular affine"),
        (280, "<f", (np.nan,), "finite millimetres"),
        (280, "<f", (1e5,), "voxels from"),
        (123, "<b", (5,), "xyzt_units"),
    ],
)
def test_a_header_field_that_breaks_the_format_is_named(tmp_path, place, form, values, message):
    path = patched(write(tmp_path / "v.nii"), place, form, *values)
    with pytest.raises(DataError, match=message):
        read_nifti(path)


def test_a_quaternion_longer_than_one_is_refused(tmp_path):
    path = patched(write(tmp_path / "v.nii"), 252, "<hh", 1, 0)
    with pytest.raises(DataError, match="unit quaternion"):
        read_nifti(patched(path, 256, "<f", 1.5))
    patched(path, 256, "<f", 0.0)
    with pytest.raises(DataError, match="qfac"):
        read_nifti(patched(path, 76, "<f", 0.5))


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_files_that_are_cut_or_too_long_are_refused(tmp_path, ending):
    path = write(tmp_path / f"v{ending}")
    whole = path.read_bytes()
    for keep in (0, 1, 200, 349, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:keep])
        with pytest.raises(DataError, match=r"v\.nii"):
            read_nifti(path)
    longer = whole + b"\0\0" if ending == ".nii" else gzip.compress(gzip.decompress(whole) + b"\0\0")
    path.write_bytes(longer)
    with pytest.raises(DataError, match="bytes by its header"):
        read_nifti(path)


def test_a_small_gzip_that_promises_two_gigabytes_is_refused_before_reading(tmp_path):
    path = patched(write(tmp_path / "v.nii", dtype=np.uint8), 42, "<3h", 500, 500, 500)
    (tmp_path / "v.nii.gz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(DataError, match="size: expected 125000352 bytes by its header"):
        read_nifti(tmp_path / "v.nii.gz")


def test_a_flipped_bit_in_a_gzip_is_found_even_behind_the_chosen_frame(tmp_path):
    path = write(tmp_path / "pet.nii.gz", shape=(4, 4, 4, 4), affine=np.eye(4))
    raw = bytearray(path.read_bytes())
    raw[-6] ^= 1  # in the checksum
    path.write_bytes(raw)
    with pytest.raises(DataError, match="do not decompress"):
        read_nifti(path, frame=0)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_damaged_files_give_data_or_a_data_error(tmp_path, ending):
    path = write(tmp_path / f"v{ending}", dtype=np.int16)
    refused = survive(read_nifti, path, 200)
    assert 60 < refused <= 200


def test_damaged_headers_inside_an_intact_gzip(tmp_path):
    inner = write(tmp_path / "v.nii", dtype=np.uint8)

    def read_packed(damaged: Path) -> None:
        packed = damaged.with_name("packed.nii.gz")
        packed.write_bytes(gzip.compress(damaged.read_bytes(), 1))
        read_nifti(packed)

    assert survive(read_packed, inner, 200, seed=1) > 60


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_nifti(tmp_path / "none.nii")
    (tmp_path / "v.mgz").write_bytes(b"x")
    with pytest.raises(DataError, match=r"the ending '\.mgz'"):
        read_nifti(tmp_path / "v.mgz")


def test_the_adapter_reads_the_tensor(tmp_path):
    path = write(tmp_path / "v.nii.gz")
    assert torch.equal(VolumeConv.read(path), read_nifti(path).data)
