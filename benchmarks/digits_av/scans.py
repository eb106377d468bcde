"""scikit-learn's handwritten digits, and a division of them that keeps the writers apart as far as can be known.

The 1,797 images are the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI), which 13
people wrote. Who wrote which is not recorded, but the file keeps the order of the forms: about every 130 images the
digits begin again with 0 to 9 in a row. The parts are whole stretches between such beginnings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError, XmodalError

COUNT, SIDE_PX, MOST_INK = 1797, 8, 16.0
PARTS = {"train": (0, 1029), "val": (1029, 1287), "test": (1287, 1797)}
"""Numbers of the images of each part; 1029 and 1287 are places where a form begins."""


@dataclass(frozen=True, slots=True)
class Scans:
    """ink [n, 8, 8] in [0, 1], 1 where the pen went; digit [n]."""

    ink: NDArray[np.float64]
    digit: NDArray[np.int64]


def load_scans() -> Scans:
    """All images in the file's own order.

    Raises:
        XmodalError: scikit-learn is not installed.
        DataError: it brings other images than those that the parts were made for.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise XmodalError("the benchmark 'digits_av' needs scikit-learn: pip install 'xmodal[digits]'") from error
    found = load_digits()
    ink, digit = np.asarray(found.images, dtype=np.float64), np.asarray(found.target, dtype=np.int64)
    expected = (COUNT, SIDE_PX, SIDE_PX)
    if ink.shape != expected or not 0 <= ink.min() <= ink.max() <= MOST_INK:
        shown = f"{ink.shape}, {ink.min():g} to {ink.max():g}"
        raise DataError("sklearn.datasets.load_digits", expected=f"{expected}, 0 to {MOST_INK:g}", found=shown)
    for start, _ in PARTS.values():
        if digit[start : start + 10].tolist() != list(range(10)):
            raise DataError(
                f"sklearn.datasets.load_digits: image {start}",
                expected="the beginning of a form, digits 0 to 9",
                found=f"{digit[start : start + 10].tolist()}",
            )
    return Scans(ink / MOST_INK, digit)
