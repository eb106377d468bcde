"""Reading radar recordings from disk, whatever the format: the suffix says which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from xmodal.data.sample import Rows
from xmodal.errors import DataError
from xmodal.modalities.radar.cube import read_array
from xmodal.modalities.radar.nuscenes import nuscenes_rows, read_nuscenes_radar
from xmodal.modalities.radar.view_of_delft import read_vod_radar, vod_rows


def read_radar(path: Path | str) -> Rows | Tensor:
    """Read a cloud, Rows([P, 9]) float32 with the columns `COLUMNS`, or a cube, float32 [R, D, A] or [R, D, A, E].

    `.pcd` is nuScenes (with the default filters; P may be 0), `.bin` View-of-Delft, `.npy` a cube, or a cloud when it
    has two axes.

    Raises:
        DataError: the file is missing, of another kind, truncated, or holds numbers that are not finite.
    """
    path = Path(path)
    readers: dict[str, Callable[[Path], Rows | Tensor]] = {
        ".bin": lambda path: vod_rows(read_vod_radar(path)[1]),
        ".npy": read_array,
        ".pcd": lambda path: nuscenes_rows(read_nuscenes_radar(path)),
    }
    if path.suffix.lower() not in readers:
        raise DataError(path, expected=f"a radar file, one of {sorted(readers)}", found=f"suffix {path.suffix!r}")
    return readers[path.suffix.lower()](path)
