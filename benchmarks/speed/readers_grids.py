"""Images, rasters and volumes of the readers bench."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from xmodal.benchmarks.speed.readers_format import Array, Format
from xmodal.modalities.image.read import read_image
from xmodal.modalities.raster.read import read_raster
from xmodal.modalities.volume.nifti import read_nifti

IMAGE_PX, RASTER_PX, BANDS, VOXELS = (240, 320), 256, 4, (64, 64, 64)


def _pixels(rng: np.random.Generator) -> Array:
    """[H, W, 3]: coarse blots under a little noise, which pack about as photographs do."""
    coarse = rng.integers(0, 256, (IMAGE_PX[0] // 16, IMAGE_PX[1] // 16, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize(IMAGE_PX[::-1], Image.Resampling.BICUBIC)
    noisy = np.asarray(smooth) + rng.normal(0, 3, (*IMAGE_PX, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def _write_image(path: Path, rng: np.random.Generator) -> None:
    Image.fromarray(_pixels(rng)).save(path)


def _open_image(path: Path) -> Array:
    with Image.open(path) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))


def _bands(rng: np.random.Generator) -> Array:
    return rng.normal(200, 30, (BANDS, RASTER_PX, RASTER_PX)).astype(np.float32)


def _tifffile() -> Any:
    import tifffile

    return tifffile


def _write_tiff(path: Path, rng: np.random.Generator) -> None:
    _tifffile().imwrite(path, _bands(rng), photometric="minisblack", planarconfig="separate", metadata=None)


def _write_packed_tiff(path: Path, rng: np.random.Generator) -> None:
    values = _bands(rng).astype(np.uint16).transpose(1, 2, 0)
    options = {"photometric": "minisblack", "planarconfig": "contig", "metadata": None, "rowsperstrip": 32}
    _tifffile().imwrite(path, values, compression="zlib", **options)


def _open_packed_tiff(path: Path) -> Array:
    return np.ascontiguousarray(_tifffile().imread(path).transpose(2, 0, 1)).astype(np.float32)


def _write_npy(path: Path, rng: np.random.Generator) -> None:
    np.save(path, _bands(rng))


def _nibabel() -> Any:
    import nibabel

    return nibabel


def _write_nifti(path: Path, rng: np.random.Generator) -> None:
    # Half of it air, as in most scans.
    values = rng.integers(0, 900, VOXELS).astype(np.int16)
    values[: VOXELS[0] // 2] = 0
    image = _nibabel().Nifti1Image(values, np.diag([2.0, 2.0, 2.0, 1.0]))
    image.header.set_xyzt_units("mm", "sec")
    _nibabel().save(image, path)


def _open_nifti(path: Path) -> Array:
    values = _nibabel().load(path).get_fdata(dtype=np.float32)
    return np.ascontiguousarray(values.transpose(2, 1, 0))[None]


def _image(path: Path) -> Array:
    return read_image(path).numpy()


def _raster(path: Path) -> Array:
    return read_raster(path).numpy()


FORMATS = (
    Format("image", "PNG", ".png", _write_image, _image, _open_image),
    Format("image", "JPEG", ".jpg", _write_image, _image, _open_image),
    Format("raster", "npy", ".npy", _write_npy, _raster, np.load),
    Format("raster", "TIFF, planes", ".tif", _write_tiff, _raster, lambda p: _tifffile().imread(p), ("tifffile",)),
    Format("raster", "TIFF, deflate", ".tif", _write_packed_tiff, _raster, _open_packed_tiff, ("tifffile",)),
    Format("volume", "NIfTI", ".nii.gz", _write_nifti, lambda p: read_nifti(p).data.numpy(), _open_nifti, ("nibabel",)),
)
"""Every format of a picture."""
