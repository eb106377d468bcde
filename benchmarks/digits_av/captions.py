"""Captions as they stand beside pictures on web pages: some name the digit, some say nothing, some are wrong."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.digits_av.camera import Photo
from xmodal.benchmarks.digits_av.phones import DIGITS

WRONG, SILENT = 0.1, 0.3
"""Shares of captions that name another digit, and that name none."""

_NAMING = (
    "a handwritten {word}",
    "the number {word} on paper",
    "photo of a {word}",
    "{word}, written by hand",
    "someone wrote a {word}",
    "the digit {numeral}",
    "handwritten {numeral}, cropped",
    "IMG {number}: {word}",
)
_SILENT = (
    "scan of a number",
    "a handwritten digit",
    "photo of a note",
    "IMG {number}",
    "a figure on a form, cropped",
    "close-up of handwriting",
)


def write_caption(digit: int, photo: Photo, rng: np.random.Generator) -> str:
    """One caption: a phrase, then now and then what is seen of pen, slant, focus or colours."""
    chance = rng.uniform()
    named = (digit + int(rng.integers(1, 10))) % 10 if chance < WRONG else digit
    phrases = _SILENT if WRONG <= chance < WRONG + SILENT else _NAMING
    phrase = phrases[int(rng.integers(len(phrases)))]
    text = phrase.format(word=DIGITS[named], numeral=named, number=int(rng.integers(1000, 10000)))
    seen = [remark for remark in _remarks(photo) if rng.uniform() < 0.5]
    return ", ".join([text, *seen])


def _remarks(photo: Photo) -> list[str]:
    found = []
    if not 0.8 < photo.pen < 1.3:
        found.append("thick strokes" if photo.pen < 1 else "thin strokes")
    if abs(photo.lean) > 0.2:
        found.append("leaning right" if photo.lean > 0 else "leaning left")
    if photo.blur_px > 1.2:
        found.append("out of focus")
    if photo.negative:
        found.append("white on black")
    return found
