"""Read a photograph: PNG or JPEG to uint8 [3, H, W]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from xmodal.errors import DataError

# Modes that hold at most 8 bits a channel; Pillow would clip the others (16-bit grey, float) without a word.
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def read_image(path: Path) -> Tensor:
    """The pixels of a PNG or JPEG file: uint8 [3, H, W], red first; grey is repeated, transparency is dropped.

    Raises:
        DataError: the file is missing, is damaged, or holds more than 8 bits a channel.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(path, expected="a PNG or JPEG image", found="no such file")
    size = path.stat().st_size
    try:
        mode, pixels = _decode(path)
    except Exception as error:  # Pillow's decoders raise a dozen unrelated types on damaged files
        found = f"{size} bytes that do not decode ({type(error).__name__})"
        raise DataError(path, expected="a complete PNG or JPEG image", found=found) from error
    if mode not in _MODES:
        raise DataError(path, expected="an image with 8 bits a channel", found=f"an image of mode {mode!r}")
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _decode(path: Path) -> tuple[str, np.ndarray]:
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        return image.mode, np.array(image.convert("RGB"))
