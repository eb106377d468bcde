"""Images, volumes, rasters, and texts with or without pictures."""

import gzip
import io
import json
import struct
import zlib
from functools import partial

import numpy as np
import test_text_pairs_tar
import test_volume_bids
from PIL import Image

from fuzzing.case import Case, stored, under
from xmodal.modalities.image.frames import read_frames
from xmodal.modalities.image.read import read_image
from xmodal.modalities.raster.read import read_raster
from xmodal.modalities.text import read_csv_pairs, read_folder_pairs, read_tar_pairs
from xmodal.modalities.text.either import read_either
from xmodal.modalities.text.pairs import Part, parse_captions
from xmodal.modalities.text.read import read_text
from xmodal.modalities.volume import find_pairs, read_nifti, read_pet, read_pet_json
from xmodal.modalities.volume.nifti import count_frames

_RANDOM = np.random.default_rng(0)
_PIXELS = _RANDOM.integers(0, 256, (12, 16, 3), dtype=np.uint8)
_BANDS = _RANDOM.normal(size=(5, 13, 17)).astype(np.float32)
_SQUEEZE = partial(gzip.compress, compresslevel=1)


def _image(kind, mode="RGB", **options):
    stream = io.BytesIO()
    Image.fromarray(_PIXELS).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


def _resealed(data):
    """PNG chunks with a checksum that fits their damaged content."""
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        length = int.from_bytes(out[at : at + 4], "big")
        if at + 12 + length > len(out):
            break
        out[at + 8 + length : at + 12 + length] = struct.pack(">I", zlib.crc32(out[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(out)


def _frames(folder):
    for i in range(2):
        (folder / f"{i}.png").write_bytes(_image("PNG"))
    return folder / "1.png"


def _nifti(path, frames=1, kind="Nifti1Image", dtype=np.int16):
    import nibabel

    shape = (5, 6, 7, frames) if frames > 1 else (5, 6, 7)
    image = getattr(nibabel, kind)(_RANDOM.integers(0, 900, shape).astype(dtype), np.diag([-2.0, 2, 2, 1]))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, path)


def _pet(folder):
    pet, anat = folder / "sub-1" / "pet", folder / "sub-1" / "anat"
    pet.mkdir(parents=True)
    anat.mkdir()
    _nifti(pet / "sub-1_pet.nii.gz", frames=2)
    _nifti(anat / "sub-1_T1w.nii.gz")
    (pet / "sub-1_pet.json").write_text(json.dumps(test_volume_bids.FIELDS))
    return pet / "sub-1_pet.json"


def _read_pet(path):
    (pair,) = find_pairs(path.parents[2])
    return read_pet(pair.pet, frame="mean")


def _tiff(path, interleaved=False, **options):
    import tifffile

    values, planar = (_BANDS.transpose(1, 2, 0), "contig") if interleaved else (_BANDS, "separate")
    extra = [(42113, 2, 6, "-9999", True)]
    common = dict(photometric="minisblack", planarconfig=planar, metadata=None, extratags=extra)
    tifffile.imwrite(path, values, **common, **options)


def _pages(path):
    import tifffile

    with tifffile.TiffWriter(path) as tiff:
        for band in _BANDS[:3]:
            tiff.write(band, metadata=None)


def _table(folder):
    (folder / "a.png").write_bytes(_image("PNG"))
    (folder / "b.jpg").write_bytes(_image("JPEG"))
    (folder / "pairs.csv").write_text("path,caption\n" + 'a.png,a car\nb.jpg,"another, one"\n' * 3)
    return folder / "pairs.csv"


def _captions(suffix):
    def write(folder):
        (folder / "a.png").write_bytes(_image("PNG"))
        text = "a car" if suffix == "txt" else json.dumps({"captions": ["one", "two"], "width": 6})
        (folder / f"a.{suffix}").write_text(text)
        return folder / f"a.{suffix}"

    return write


def _shard(path):
    members = (*test_text_pairs_tar.pair("x/000", 10), *test_text_pairs_tar.pair("./001", 20))
    test_text_pairs_tar.write(path, ("x/000.json", b'{"caption": "no"}'), *members)


CASES = [
    Case("image.png", stored("a.png", _image("PNG")), read_image),
    Case("image.png.resealed", stored("a.png", _image("PNG")), read_image, pack=_resealed),
    Case("image.png.palette", stored("a.png", _image("PNG", "P")), read_image, pack=_resealed),
    Case("image.jpg", stored("a.jpg", _image("JPEG")), read_image),
    Case("image.jpg.progressive", stored("a.jpg", _image("JPEG", "CMYK", progressive=True)), read_image),
    Case("video.frames", _frames, lambda p: read_frames(p.parent), pack=_resealed),
    Case("volume.nii", under("a.nii", _nifti), read_nifti),
    Case(
        "volume.nii.frames",
        under("a.nii", partial(_nifti, frames=3, dtype=np.float64)),
        partial(read_nifti, frame="mean"),
    ),
    Case("volume.nii.count", under("a.nii", partial(_nifti, frames=3)), count_frames),
    Case("volume.nii-2", under("a.nii", partial(_nifti, kind="Nifti2Image")), read_nifti),
    Case("volume.nii.gz", under("a.nii.gz", _nifti), read_nifti),
    Case("volume.nii.gz.inside", under("a.nii.gz", _nifti), read_nifti, gzip.decompress, _SQUEEZE),
    Case("volume.pet.json", _pet, read_pet_json),
    Case("volume.pet.scan", _pet, _read_pet),
    Case("raster.npy", under("a.npy", lambda path: np.save(path, _BANDS)), read_raster),
    Case("raster.tif.planes", under("a.tif", _tiff), read_raster),
    Case("raster.tif.strips", under("a.tif", partial(_tiff, interleaved=True, rowsperstrip=4)), read_raster),
    Case(
        "raster.tif.tiles", under("a.tif", partial(_tiff, interleaved=True, tile=(16, 16), byteorder=">")), read_raster
    ),
    Case("raster.tif.deflate", under("a.tif", partial(_tiff, compression="zlib")), read_raster),
    Case("raster.tif.big", under("a.tif", partial(_tiff, bigtiff=True)), read_raster),
    Case("raster.tif.pages", under("a.tif", _pages), read_raster),
    Case("raster.tif.lzw", stored("a.tif", _image("TIFF", compression="tiff_lzw", tiffinfo={317: 2})), read_raster),
    Case("text.txt", stored("a.txt", "ἐν ἀρχῇ ἦν ὁ λόγος\n".encode() * 5), read_text),
    Case("text.either", stored("a.txt", b"a car on the road"), read_either),
    Case("text.captions.json", _captions("json"), lambda p: parse_captions(Part(p))),
    Case("text.folder", _captions("txt"), lambda p: list(read_folder_pairs(p.parent))),
    Case("text.csv", _table, lambda p: list(read_csv_pairs(p))),
    Case("text.tar", under("a.tar", _shard), lambda p: list(read_tar_pairs(p))),
]
"""Every format of a picture or a text."""
