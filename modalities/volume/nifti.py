"""Read a NIfTI file (.nii, .nii.gz) into a `Volume` in RAS+ order, frame by frame, so that memory stays bounded."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray

from xmodal.errors import DataError
from xmodal.modalities.volume.header import LONGEST_HEADER, NiftiHeader, load_nibabel, parse_header
from xmodal.modalities.volume.volume import Volume

_BEST_COMPRESSION = 1032  # deflate cannot shrink more
Frame = int | Literal["mean"] | None


def read_nifti(
    path: Path | str,
    *,
    units: str = "",
    frame: Frame = None,
    weights: Sequence[float] | None = None,
    fill: float | None = None,
) -> Volume:
    """Read one volume, reoriented to the closest RAS+ axes: data float32 [1, Z, Y, X], x to the patient's right.

    Args:
        path: a .nii or .nii.gz file, NIfTI-1 or NIfTI-2, with an sform or qform.
        units: of the values, which NIfTI does not say ("Bq/mL", "HU").
        frame: of a file with time: the number of a frame, or "mean" over all. A file with one frame needs none.
        weights: of the frames in the mean (their durations, say); equal if None.
        fill: what to put for NaN and infinite voxels; None refuses them.

    Raises:
        DataError: missing, truncated, too long or garbled; a header field that breaks the format; neither sform nor
            qform; a singular affine; non-finite voxels; time without a chosen frame; more than 2 GiB.
        XmodalError: nibabel is not installed.
    """
    path = Path(path)
    with _stream(path) as stream:
        header = parse_header(path, stream.read(LONGEST_HEADER))
        _check_room(path, header)
        shares = _shares(path, header.frames, frame, weights)
        stream.seek(header.offset)
        values = _values(path, stream, header, shares)
    data, affine = _to_ras(values, header)
    return Volume(_finite(path, data, fill), affine, units=units, space=header.space)


def count_frames(path: Path | str) -> int:
    """How many frames a file holds, by its header; raises as `read_nifti`."""
    path = Path(path)
    with _stream(path) as stream:
        return parse_header(path, stream.read(LONGEST_HEADER)).frames


@contextmanager
def _stream(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed; damage that shows while they are read becomes a DataError."""
    if path.suffix not in (".nii", ".gz") or not path.is_file():
        found = "no such file" if not path.is_file() else f"the ending {path.suffix!r}"
        raise DataError(path, expected="a .nii or .nii.gz file", found=found)
    try:
        with _opened(path) as stream:
            yield stream
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        found = f"{path.stat().st_size} bytes that do not decompress ({type(error).__name__})"
        raise DataError(path, expected="a complete gzip stream", found=found) from error


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _check_room(path: Path, header: NiftiHeader) -> None:
    """Refuse, before memory is taken, a header that promises more than the file can hold."""
    size = path.stat().st_size
    if path.suffix == ".gz":
        if header.file_bytes > size * _BEST_COMPRESSION + LONGEST_HEADER:
            found = f"{size} compressed bytes"
            raise DataError(f"{path}: size", expected=f"{header.file_bytes} bytes by its header", found=found)
    elif header.file_bytes != size:
        raise DataError(f"{path}: size", expected=f"{header.file_bytes} bytes by its header", found=f"{size}")


def _shares(path: Path, frames: int, frame: Frame, weights: Sequence[float] | None) -> list[float]:
    """The weight of each frame in the result; they sum to 1."""
    if weights is not None and frame != "mean":
        raise DataError(f"{path}: weights", expected='frame="mean" beside them', found=f"frame={frame!r}")
    if frame is None and frames > 1:
        raise DataError(f"{path}: frame", expected=f'a number below {frames}, or "mean"', found="none chosen")
    if frame == "mean":
        given = [1.0] * frames if weights is None else [float(w) for w in weights]
        if len(given) != frames or not np.isfinite(given).all() or min(given) < 0 or sum(given) <= 0:
            raise DataError(f"{path}: weights", expected=f"{frames} numbers, none below 0", found=f"{given}")
        return [w / sum(given) for w in given]
    number = 0 if frame is None else frame
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < frames:
        raise DataError(f"{path}: frame", expected=f"a number from 0 to {frames - 1}, or 'mean'", found=f"{frame!r}")
    return [float(i == number) for i in range(frames)]


def _values(path: Path, stream: BinaryIO, header: NiftiHeader, shares: list[float]) -> NDArray[np.float32]:
    """[Z, Y, X] float32 in the order of the file. All frames are read, so that gzip checks its sum."""
    shape = header.shape[::-1]
    total = np.zeros(shape, dtype=np.float64 if sum(s > 0 for s in shares) > 1 else np.float32)
    for number, share in enumerate(shares):
        raw = stream.read(header.frame_bytes)
        if len(raw) < header.frame_bytes:
            found = f"{len(raw)} in frame {number}: the file is cut off"
            raise DataError(f"{path}: voxels", expected=f"{header.frame_bytes} bytes a frame", found=found)
        if share > 0:
            _add(total, np.frombuffer(raw, header.dtype).reshape(shape), share, header)
        del raw
    if stream.read(1):
        raise DataError(f"{path}: size", expected=f"{header.file_bytes} bytes by its header", found="more")
    with np.errstate(over="ignore"):
        return total.astype(np.float32, copy=False)


def _add(total: NDArray[np.floating], stored: NDArray[np.number], share: float, header: NiftiHeader) -> None:
    # Slice by slice: the float64 copy that scaling needs stays small.
    with np.errstate(over="ignore", invalid="ignore"):
        for out, voxels in zip(total, stored, strict=True):
            scaled = voxels.astype(np.float64) * header.slope + header.inter
            out += (scaled * share).astype(out.dtype)


def _to_ras(values: NDArray[np.float32], header: NiftiHeader) -> tuple[torch.Tensor, torch.Tensor]:
    """([1, Z, Y, X], affine) with axes swapped and flipped so that x, y, z come closest to right, front, up."""
    orientations = load_nibabel().orientations
    turn = orientations.io_orientation(header.affine)
    affine = header.affine @ orientations.inv_ornt_aff(turn, header.shape)
    turned = orientations.apply_orientation(values.transpose(2, 1, 0), turn)  # [X, Y, Z]
    data = np.ascontiguousarray(turned.transpose(2, 1, 0))[None]
    return torch.from_numpy(data), torch.from_numpy(np.ascontiguousarray(affine))


def _finite(path: Path, data: torch.Tensor, fill: float | None) -> torch.Tensor:
    finite = data.isfinite()
    if finite.all():
        return data
    if fill is None:
        found = f"{int((~finite).sum())} of {data.numel()} that are NaN, infinite or beyond float32"
        raise DataError(f"{path}: voxels", expected="finite values (or fill=VALUE)", found=found)
    return torch.where(finite, data, fill)
