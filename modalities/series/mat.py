"""MATLAB 7.3 files: HDF5 behind a header of 512 bytes; a matrix is stored with its axes reversed."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError, XmodalError
from xmodal.modalities.npy import NUMBERS, check_file

LARGEST_VALUES = 2**25
LARGEST_BYTES = 2**30
HEADER, SIGNATURE = 512, b"\x89HDF\r\n\x1a\n"
BEST_DEFLATE = 1032
LARGEST_CHUNK = 2**28


def read_mat(path: Path, dataset: str | None = None) -> NDArray[Any]:
    """One numeric matrix of a MATLAB 7.3 file in MATLAB's own order of axes: [T, C] where MATLAB shows T x C.

    Args:
        dataset: the variable's name; None where the file holds one matrix only.

    Raises:
        DataError: missing, an older MATLAB format, damaged, no such variable, or none of numbers with two axes.
        XmodalError: h5py is not installed.
    """
    size = check_file(path, "a MATLAB 7.3 file", LARGEST_BYTES)
    _check_signature(path)
    try:
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        raise XmodalError("reading MATLAB 7.3 files needs h5py: pip install 'xmodal[series]'") from error
    try:
        with h5py.File(path, "r") as file:
            name = _name(path, file, dataset, h5py)
            values = file[name]
            _check(f"{path}: {name}", values, size)
            return np.ascontiguousarray(values[()].T)
    except DataError:
        raise
    except Exception as error:  # the HDF5 library meets garbled bytes with errors of many types
        found = f"{size:,} bytes that break off or contradict themselves ({type(error).__name__})"
        raise DataError(path, expected="an intact HDF5 file", found=found) from error


def _check_signature(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(HEADER + len(SIGNATURE))
    if not head.startswith(b"MATLAB 7.3 MAT-file") or head[HEADER:] != SIGNATURE:
        found = f"{head[:19]!r} with {head[HEADER:]!r} at byte {HEADER}"
        raise DataError(path, expected="a MATLAB 7.3 file (save with -v7.3)", found=found)


def _name(path: Path, file: Any, dataset: str | None, h5py: Any) -> str:
    # Links could lead to other files, so only what lies in this one counts.
    own = [n for n in file if isinstance(file.get(n, getlink=True), h5py.HardLink) and not n.startswith("#")]
    known = [n for n in own if isinstance(file[n], h5py.Dataset)]
    if dataset is None and len(known) != 1:
        raise DataError(f"{path}: dataset", expected="one matrix, or the name of one", found=f"the matrices {known}")
    name = known[0] if dataset is None else dataset
    if name not in known:
        raise DataError(f"{path}: dataset {name!r}", expected=f"one of {known}", found="no such matrix")
    return name


def _check(where: str, values: Any, file_bytes: int) -> None:
    """Refuse a header that cannot be true before any memory is taken on its word."""
    if values.dtype.kind not in NUMBERS or values.dtype.itemsize > 8:
        raise DataError(f"{where}: type", expected="real numbers of at most 64 bits", found=str(values.dtype))
    if len(values.shape) != 2 or not 0 < values.size <= LARGEST_VALUES:
        expected = f"two axes, and 1 to {LARGEST_VALUES:,} values"
        raise DataError(f"{where}: size", expected=expected, found=f"{tuple(reversed(values.shape))}")
    if values.external or values.is_virtual or values.compression not in (None, "gzip"):
        found = "external files" if values.external else f"compression {values.compression}"
        raise DataError(f"{where}: storage", expected="data inside the file, plain or gzip", found=found)
    nbytes, stored = values.size * values.dtype.itemsize, values.id.get_storage_size()
    if values.chunks is None:
        complete = stored == nbytes
    else:
        chunks = math.prod(-(-side // chunk) for side, chunk in zip(values.shape, values.chunks, strict=True))
        complete = values.id.get_num_chunks() == chunks
        if math.prod(values.chunks) * values.dtype.itemsize > LARGEST_CHUNK:
            raise DataError(f"{where}: chunks", expected=f"up to {LARGEST_CHUNK:,} bytes", found=f"{values.chunks}")
    if not complete or stored > file_bytes or nbytes > BEST_DEFLATE * stored:
        found = f"{stored:,} bytes of data in {file_bytes:,} bytes of file"
        raise DataError(f"{where}: data", expected=f"all of {nbytes:,} bytes", found=found)
