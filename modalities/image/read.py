"""Read a photograph: PNG or JPEG to uint8 [3, H, W]."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from xmodal.errors import DataError
from xmodal.modalities.image.png import SIGNATURE, WHOLE, check_png

LARGEST_PIXELS = 2**26
BEST_DEFLATE = 1032
"""No stream of deflate, which a PNG is, unpacks to more than this many times its size."""
# Modes that hold at most 8 bits a channel; Pillow would clip the others (16-bit grey, float) without a word.
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def read_image(path: Path) -> Tensor:
    """The pixels of a PNG or JPEG file: uint8 [3, H, W], red first; grey is repeated, transparency is dropped.

    Raises:
        DataError: the file is missing, is damaged, holds more than 8 bits a channel or more than 67 million pixels.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(path, expected="a PNG or JPEG image", found="no such file")
    with path.open("rb") as file:
        return decode_image(path, file, path.stat().st_size)


def decode_image(where: object, stream: BinaryIO, size: int) -> Tensor:
    """As `read_image`, from a stream of `size` bytes; `where` names it in errors."""
    start = stream.read(len(SIGNATURE))
    if start == SIGNATURE:
        check_png(where, stream, size)
    try:
        with Image.open(stream, formats=("PNG", "JPEG")) as image:
            _check(where, image, size)
            pixels = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))  # [H, W, 3]
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise a dozen unrelated types on damaged files
        found = f"{size} bytes that do not decode ({type(error).__name__})"
        raise DataError(where, expected=WHOLE, found=found) from error
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _check(where: object, image: Image.Image, size: int) -> None:
    """Refuse what the header promises before memory is taken for it."""
    width, height = image.size
    if not 0 < width * height <= LARGEST_PIXELS:
        expected = f"at most {LARGEST_PIXELS:,} pixels"
        raise DataError(f"{where}: size", expected=expected, found=f"{width:,} x {height:,}")
    if image.mode not in _MODES:
        raise DataError(where, expected="an image with 8 bits a channel", found=f"an image of mode {image.mode!r}")
    if image.format == "PNG" and height * (width // 8) > size * BEST_DEFLATE:
        found = f"{size:,} bytes for {width:,} x {height:,} pixels"
        raise DataError(f"{where}: size", expected="a file that has room for its pixels", found=found)
