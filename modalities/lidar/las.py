"""LAS and LAZ point files: map coordinates in float64, so that large offsets cost no precision."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.data.sample import Rows
from xmodal.errors import DataError, XmodalError
from xmodal.modalities.lidar.laz import check_laz

SMALLEST_HEADER, LAS_1_4_HEADER = 227, 375
VLR_HEADER, EVLR_HEADER = 54, 60
BEST_COMPRESSION = 1000
LASZIP_USER = "laszip encoded"
PANIC = "PanicException"
"""What the decompressor raises where it meets content that it never expected: no Exception."""
GROUND, LOW_NOISE, HIGH_NOISE = 2, 7, 18
"""Classification codes of the LAS specification."""


@dataclass(frozen=True, slots=True)
class LasPoints:
    """The points of one file, P of them.

    Attributes:
        xyz_m: [P, 3] float64 map coordinates (scale and offset applied); z is the elevation.
        intensity: [P] float32, in the sensor's own unit.
        return_number: [P] int64: the place of this echo among those of its pulse, from 1.
        number_of_returns: [P] int64: how many echoes the pulse had.
        classification: [P] int64: 2 ground, 5 high vegetation, 7 and 18 noise, 0 and 1 unclassified.
    """

    xyz_m: NDArray[np.float64]
    intensity: NDArray[np.float32]
    return_number: NDArray[np.int64]
    number_of_returns: NDArray[np.int64]
    classification: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.xyz_m)

    def rows(self, origin_m: NDArray[np.float64]) -> Rows:
        """Rows([P, 4]) float32: x, y, z relative to `origin_m` [3], intensity.

        Subtracting before the cast keeps the millimetres: float32 resolves a northing of 4,000 km to 0.25 m only.
        """
        table = np.column_stack([self.xyz_m - origin_m, self.intensity]).astype(np.float32)
        return Rows(torch.from_numpy(table))


def read_las(path: Path | str) -> LasPoints:
    """Read a .las or .laz file.

    Raises:
        DataError: the file is missing, truncated or garbled, or holds no points.
        XmodalError: laspy (or lazrs, for .laz) is not installed.
    """
    path = Path(path)
    try:
        import laspy
    except ImportError as error:
        raise XmodalError("reading LAS needs laspy: pip install 'xmodal[geo]'") from error
    if not path.is_file():
        raise DataError(path, expected="a .las or .laz file", found="no such file")
    raw = path.read_bytes()
    _check_room(path, raw)
    try:
        with laspy.open(io.BytesIO(raw)) as reader:
            _check_header(path, reader.header, raw)
            las = reader.read()
            points = _convert(las)
    except DataError:
        raise
    except BaseException as error:  # the parser meets garbled bytes with errors of many types
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        if "LazBackend" in str(error):
            raise XmodalError("reading LAZ needs lazrs: pip install 'laspy[lazrs]'") from error
        found = f"{len(raw):,} bytes that contradict themselves ({type(error).__name__}: {error})"
        raise DataError(path, expected="an intact LAS file", found=found) from error
    _check_points(path, points, las.header)
    return points


def _check_room(path: Path, raw: bytes) -> None:
    """Refuse counts that the file has no room for: the parser would loop over billions of absent records."""
    if raw[:4] != b"LASF":
        raise DataError(path, expected="the signature LASF at its start", found=repr(raw[:4]))
    if len(raw) < SMALLEST_HEADER:
        raise DataError(f"{path}: header", expected=f"at least {SMALLEST_HEADER} bytes", found=f"{len(raw)}")
    header_size, points_at, n_records = struct.unpack_from("<HII", raw, 94)
    if not SMALLEST_HEADER <= header_size <= points_at <= len(raw):
        found = f"{header_size}, {points_at} in {len(raw)} bytes"
        raise DataError(f"{path}: header size and offset to point data", expected="both inside the file", found=found)
    if n_records * VLR_HEADER > points_at - header_size:
        found = f"{n_records} in {points_at - header_size} bytes"
        raise DataError(f"{path}: number of variable length records", expected="as many as have room", found=found)
    if raw[25] >= 4 and len(raw) >= LAS_1_4_HEADER:
        start, n_extended = struct.unpack_from("<QI", raw, 235)
        if n_extended and start + n_extended * EVLR_HEADER > len(raw):
            raise DataError(f"{path}: extended records", expected="inside the file", found=f"{n_extended} at {start}")


def _check_header(path: Path, header: Any, raw: bytes) -> None:
    """Refuse a header that cannot be true before any memory is taken on its word."""
    n, size = int(header.point_count), int(header.point_format.size)
    if n == 0:
        raise DataError(f"{path}: number of points", expected="at least 1", found="0")
    room = len(raw) - int(header.offset_to_point_data)
    if n * size > room * (BEST_COMPRESSION if header.are_points_compressed else 1):
        found = f"{max(room, 0)} bytes: the file is cut off or its header is wrong"
        raise DataError(f"{path}: point records", expected=f"{n} x {size} bytes", found=found)
    if header.are_points_compressed:
        record = next((v.record_data_bytes() for v in header.vlrs if v.user_id == LASZIP_USER), None)
        if record is None:
            raise DataError(f"{path}: point format", expected="a laszip record, as points are compressed", found="none")
        check_laz(path, raw, record, int(header.offset_to_point_data), n, size)
    for name, values in (("scale", header.scales), ("offset", header.offsets)):
        if not np.isfinite(values).all():
            raise DataError(f"{path}: {name}", expected="three finite numbers", found=f"{list(values)}")
    if not (np.asarray(header.scales) > 0).all():
        raise DataError(f"{path}: scale", expected="three numbers above 0", found=f"{list(header.scales)}")


def _convert(las: Any) -> LasPoints:
    return LasPoints(
        xyz_m=np.column_stack([np.asarray(las.x), np.asarray(las.y), np.asarray(las.z)]).astype(np.float64),
        intensity=np.asarray(las.intensity, dtype=np.float32),
        return_number=np.asarray(las.return_number, dtype=np.int64),
        number_of_returns=np.asarray(las.number_of_returns, dtype=np.int64),
        classification=np.asarray(las.classification, dtype=np.int64),
    )


def _check_points(path: Path, points: LasPoints, header: Any) -> None:
    if len(points) != int(header.point_count):
        raise DataError(f"{path}: number of points", expected=f"{header.point_count}", found=f"{len(points)}")
    low, high = points.xyz_m.min(0), points.xyz_m.max(0)
    slack = 2 * np.asarray(header.scales)
    # Negated, so that NaN and infinity fail as well.
    if not ((low >= header.mins - slack) & (high <= header.maxs + slack) & np.isfinite(high - low)).all():
        expected = f"inside the bounds of the header, {header.mins} to {header.maxs}"
        raise DataError(f"{path}: x, y, z", expected=expected, found=f"{low} to {high}")
