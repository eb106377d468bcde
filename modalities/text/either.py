"""What adapters of image and text together share: one reader, one picture and one example for both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from xmodal.data.batch import Batch
from xmodal.data.sample import Rows, Sample
from xmodal.modalities.text.base import TextAdapter


def read_either(path: Path) -> Any:
    """An image (.png, .jpg) or a text (.txt), by its suffix."""
    from xmodal.modalities.image.read import read_image

    return TextAdapter.read(path) if Path(path).suffix.lower() == ".txt" else read_image(path)


def example_pairs(batch_size: int, side_px: int) -> Batch:
    """Random images with a text each."""
    batch = TextAdapter.example(batch_size)
    images = torch.randint(0, 256, (batch_size, 3, side_px, side_px), dtype=torch.uint8)
    return replace(batch, entries={"image": images, **batch.entries})


def picture_of_either(sample: Sample, key: str) -> Any:
    """The image or the text, whichever the entry is."""
    if isinstance(sample.entries[key], Rows):
        return TextAdapter.picture(sample, key)
    from xmodal.modalities.image.picture import picture

    return picture(sample, key)
