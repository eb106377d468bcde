"""Captions name the digit as often as they say they do, and remark on what the photograph shows."""

import re

import numpy as np

from xmodal.benchmarks.digits_av.camera import Photo
from xmodal.benchmarks.digits_av.captions import SILENT, WRONG, write_caption
from xmodal.benchmarks.digits_av.phones import DIGITS

PLAIN = Photo(np.zeros((3, 32, 32), np.uint8), pen=1.0, lean=0.0, blur_px=0.5, negative=False)


def named(text):
    """The digit a caption names, or None; file numbers have four figures."""
    found = re.findall(rf"\b({'|'.join(DIGITS)}|[0-9])\b", text)
    assert len(found) <= 1, text
    return None if not found else int(found[0]) if found[0].isdigit() else DIGITS.index(found[0])


def test_captions_are_wrong_and_silent_as_often_as_stated():
    rng = np.random.default_rng(0)
    found = [(d, named(write_caption(d, PLAIN, rng))) for d in range(10) for _ in range(400)]
    assert abs(np.mean([n is None for _, n in found]) - SILENT) < 0.03
    assert abs(np.mean([n is not None and n != d for d, n in found]) - WRONG) < 0.02


def test_remarks_are_true_and_a_plain_photograph_has_none():
    rng = np.random.default_rng(0)
    odd = Photo(PLAIN.image, pen=0.6, lean=-0.4, blur_px=1.3, negative=True)
    told = " ".join(write_caption(7, odd, rng) for _ in range(100))
    assert all(text in told for text in ("thick strokes", "leaning left", "out of focus", "white on black"))
    assert not any(text in told for text in ("thin strokes", "leaning right"))
    plain = " ".join(write_caption(7, PLAIN, rng) for _ in range(100))
    assert not any(text in plain for text in ("strokes", "leaning", "focus", "black"))
