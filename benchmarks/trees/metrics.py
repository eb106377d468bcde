"""R2 and MAE of predictions pooled over all test folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xmodal.errors import DataError


def pool(n: int, folds: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Put the predictions of every fold back in order.

    Args:
        n: number of samples in the data set.
        folds: of each fold, sample numbers [m] and predictions [m].

    Returns:
        [n] float64.

    Raises:
        DataError: a sample was predicted never, or more than once.
    """
    out = np.full(n, np.nan)
    times = np.zeros(n, dtype=np.int64)
    for index, prediction in folds:
        np.add.at(times, index, 1)
        out[index] = prediction
    if (times != 1).any():
        bad = int(np.flatnonzero(times != 1)[0])
        raise DataError(f"sample {bad}", expected="one prediction over all folds", found=f"{times[bad]}")
    return out


def r2(prediction: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Coefficient of determination over flat arrays [n]: 1 is perfect, 0 is the mean of `truth`, worse is negative."""
    _check(prediction, truth)
    spread = float(((truth - truth.mean()) ** 2).sum())
    if spread == 0:
        raise DataError("truth", expected="values that differ", found="one value")
    return 1 - float(((truth - prediction) ** 2).sum()) / spread


def mae(prediction: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Mean absolute error over flat arrays [n], in their unit."""
    _check(prediction, truth)
    return float(np.abs(truth - prediction).mean())


def _check(prediction: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
    if prediction.shape != truth.shape or prediction.ndim != 1 or not len(truth):
        raise DataError("predictions", expected=f"a flat array like truth {truth.shape}", found=f"{prediction.shape}")
    if not (np.isfinite(prediction).all() and np.isfinite(truth).all()):
        raise DataError("predictions and truth", expected="finite values", found="NaN or infinity")
