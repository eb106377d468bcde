"""The header of a NIfTI file, checked field by field before anything is believed or allocated.

NIfTI-1: Cox et al., https://nifti.nimh.nih.gov/nifti-1; NIfTI-2 has the same fields, wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError, XmodalError

LARGEST_BYTES = 2**31
"""Neither a file (decompressed) nor the memory for what is taken from it may pass 2 GiB."""
LONGEST_HEADER = 540
_SIZES = {348: (b"n+1\0", 352), 540: (b"n+2\0\r\n\x1a\n", 544)}  # by sizeof_hdr: magic, smallest vox_offset
_DTYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # readers take an unknown unit (0) for millimetres
_SPACES = {1: "scanner", 2: "aligned", 3: "talairach", 4: "mni152", 5: "template"}
_WORKING_BYTES = 12  # a voxel while it is read: float64 sum and float32 result


@dataclass(frozen=True, slots=True)
class NiftiHeader:
    """What a reader needs of the header.

    Attributes:
        shape: (X, Y, Z) in the order of the file.
        frames: 1 for a still volume.
        dtype: of the voxels, byte order included.
        offset: where the voxels begin, in bytes.
        slope, inter: value = slope * stored + inter.
        affine: [4, 4] float64, from voxel indices of the file to millimetres in RAS+.
        space: see `Volume.space`; of the sform where it is set, else of the qform.
    """

    shape: tuple[int, int, int]
    frames: int
    dtype: np.dtype[Any]
    offset: int
    slope: float
    inter: float
    affine: NDArray[np.float64]
    space: str

    @property
    def frame_bytes(self) -> int:
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    @property
    def file_bytes(self) -> int:
        return self.offset + self.frames * self.frame_bytes


def parse_header(path: Path, raw: bytes) -> NiftiHeader:
    """The header at the start of a file.

    Args:
        path: for messages only.
        raw: the first 540 bytes, or what there is of them.

    Raises:
        DataError: a field breaks the format, asks for more than 2 GiB, or leaves left and right open.
        XmodalError: nibabel is not installed.
    """
    fields, smallest = _fields(path, raw)
    shape, frames = _shape(path, fields["dim"])
    code, bits = int(fields["datatype"]), int(fields["bitpix"])
    if code not in _DTYPES:
        raise DataError(f"{path}: datatype", expected=f"a real number, one of {sorted(_DTYPES)}", found=f"{code}")
    dtype = np.dtype(_DTYPES[code]).newbyteorder(fields["dim"].dtype.byteorder)
    if bits != dtype.itemsize * 8:
        raise DataError(f"{path}: bitpix", expected=f"{dtype.itemsize * 8} for datatype {code}", found=f"{bits}")
    offset = float(fields["vox_offset"])
    if not smallest <= offset <= LARGEST_BYTES or offset != int(offset):
        raise DataError(f"{path}: vox_offset", expected=f"a whole number from {smallest} on", found=f"{offset:g}")
    slope, inter = _scaling(path, float(fields["scl_slope"]), float(fields["scl_inter"]))
    affine, space = _affine(path, fields)
    header = NiftiHeader(shape, frames, dtype, int(offset), slope, inter, affine, space)
    working = header.frame_bytes // dtype.itemsize * (_WORKING_BYTES + dtype.itemsize)
    if max(header.file_bytes, working) > LARGEST_BYTES:
        found = f"{list(shape)} x {frames} of {dtype.itemsize} bytes"
        raise DataError(f"{path}: dim", expected="a volume that fits into 2 GiB of memory", found=found)
    return header


def load_nibabel() -> Any:
    """The module `nibabel`, or an XmodalError that says how to get it."""
    try:
        import nibabel
    except ImportError as error:
        raise XmodalError("reading NIfTI needs nibabel: pip install 'xmodal[medical]'") from error
    return nibabel


def _fields(path: Path, raw: bytes) -> tuple[Any, int]:
    """(the header's fields, by nibabel without its repairs; the smallest vox_offset)."""
    nibabel = load_nibabel()
    sizes = {int.from_bytes(raw[:4], order) for order in ("little", "big")} if len(raw) >= 4 else set()
    size = next((s for s in _SIZES if s in sizes), None)
    if size is None:
        raise DataError(f"{path}: sizeof_hdr", expected="348 or 540 at the start of a NIfTI file", found=f"{raw[:4]!r}")
    if len(raw) < size:
        raise DataError(f"{path}: header", expected=f"{size} bytes", found=f"{len(raw)} bytes: the file is cut off")
    magic, smallest = _SIZES[size]
    place = 344 if size == 348 else 4
    if raw[place : place + len(magic)] != magic:
        found = repr(raw[place : place + len(magic)])
        raise DataError(f"{path}: magic", expected=f"{magic!r}, a single NIfTI file", found=found)
    kind = nibabel.Nifti1Header if size == 348 else nibabel.Nifti2Header
    order = "<" if int.from_bytes(raw[:4], "little") == size else ">"
    return kind(raw[:size], endianness=order, check=False), smallest


def _shape(path: Path, dim: NDArray[Any]) -> tuple[tuple[int, int, int], int]:
    count, *sides = (int(n) for n in dim)
    if not 3 <= count <= 7:
        raise DataError(f"{path}: dim[0]", expected="3 axes, or 4 with time", found=f"{count}")
    if min(sides[:count]) < 1:
        raise DataError(f"{path}: dim", expected="sides of at least 1 voxel", found=f"{sides[:count]}")
    if max(sides[4:count], default=1) > 1:
        raise DataError(f"{path}: dim", expected="no axes beyond x, y, z, time", found=f"{sides[:count]}")
    return (sides[0], sides[1], sides[2]), sides[3] if count > 3 else 1


def _scaling(path: Path, slope: float, inter: float) -> tuple[float, float]:
    """(slope, inter); a slope of 0 means unscaled, and so do two NaN, which nibabel writes for "not set"."""
    if slope == 0 or (np.isnan(slope) and np.isnan(inter)):
        return 1.0, 0.0
    if not np.isfinite([slope, inter]).all():
        raise DataError(f"{path}: scl_slope, scl_inter", expected="finite numbers", found=f"{slope}, {inter}")
    return slope, inter


def _affine(path: Path, fields: Any) -> tuple[NDArray[np.float64], str]:
    codes = {name: int(fields[f"{name}_code"]) for name in ("sform", "qform")}
    for name, code in codes.items():
        if not 0 <= code <= 5:
            raise DataError(f"{path}: {name}_code", expected="0 to 5", found=f"{code}")
    used = next((name for name, code in codes.items() if code), None)
    if used is None:
        expected = "one above 0: else nobody knows left from right"
        raise DataError(f"{path}: sform_code, qform_code", expected=expected, found="0, 0")
    unit = int(fields["xyzt_units"]) & 7
    if unit not in _MM:
        raise DataError(f"{path}: xyzt_units", expected="0 unknown, 1 m, 2 mm or 3 µm", found=f"{unit}")
    sides = np.asarray(fields["pixdim"][1:4], dtype=np.float64)
    if not (np.isfinite(sides).all() and (sides > 0).all()):
        raise DataError(f"{path}: pixdim[1:4]", expected="three lengths above 0", found=f"{sides.tolist()}")
    affine = _sform(fields) if used == "sform" else _qform(path, fields)
    affine[:3] *= _MM[unit]
    _check_affine(path, affine, used)
    return affine, _SPACES[codes[used]]


def _sform(fields: Any) -> NDArray[np.float64]:
    rows = [np.asarray(fields[f"srow_{axis}"], dtype=np.float64) for axis in "xyz"]
    return np.array([*rows, [0, 0, 0, 1]])


def _qform(path: Path, fields: Any) -> NDArray[np.float64]:
    quaternion = np.array([fields[f"quatern_{part}"] for part in "bcd"], dtype=np.float64)
    if not np.isfinite(quaternion).all() or quaternion @ quaternion > 1 + 1e-5:
        found = f"{quaternion.tolist()}"
        raise DataError(f"{path}: quatern_b, c, d", expected="part of a unit quaternion", found=found)
    if float(fields["pixdim"][0]) not in (-1.0, 0.0, 1.0):
        raise DataError(f"{path}: pixdim[0] (qfac)", expected="-1 or 1", found=f"{float(fields['pixdim'][0]):g}")
    return np.array(fields.get_qform(), dtype=np.float64)


def _check_affine(path: Path, affine: NDArray[np.float64], used: str) -> None:
    if not np.isfinite(affine).all() or np.abs(affine).max() > 1e6:
        raise DataError(f"{path}: {used}", expected="finite millimetres below 1e6", found=f"{affine[:3].tolist()}")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not ((spacing > 1e-4) & (spacing < 1e3)).all():
        expected = "voxels from 0.0001 to 1000 mm"
        raise DataError(f"{path}: {used}", expected=expected, found=f"spacing {spacing.tolist()} mm")
    if abs(np.linalg.det(affine[:3, :3] / spacing)) < 1e-3:
        expected = "three independent axes"
        raise DataError(f"{path}: {used}", expected=expected, found=f"a singular affine {affine[:3, :3].tolist()}")
