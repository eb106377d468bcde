"""Which image stands beside which recording. They were never recorded together: the label alone pairs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError

PAIRING_SEED = 20_201_101
"""Fixed, and no argument: a pairing that changed from seed to seed would be a way of augmenting, not a recording."""


def pair_images(digits: Sequence[int], labels: NDArray[np.uint8]) -> list[int]:
    """For each recording the number of an image with its digit; no image twice.

    Args:
        digits: of the recordings, in an order that does not change.
        labels: [n] of the images.

    Raises:
        DataError: fewer images of a digit than recordings.
    """
    rng = np.random.default_rng(PAIRING_SEED)
    pools = {digit: rng.permutation(np.flatnonzero(labels == digit)).tolist() for digit in range(10)}
    for digit, pool in pools.items():
        needed = sum(1 for d in digits if d == digit)
        if len(pool) < needed:
            expected = f"at least {needed} images of {digit}, one for each recording"
            raise DataError("labels of the images", expected=expected, found=f"{len(pool)}")
    return [pools[digit].pop() for digit in digits]
