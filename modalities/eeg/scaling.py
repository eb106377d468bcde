"""Bring amplitudes to a size that networks are used to. The results are no microvolts any more."""

from __future__ import annotations

from torch import Tensor

from xmodal.errors import ConfigError

_NORMAL_QUARTILES = 1.3489795003921634
"""The distance between the quartiles of a standard normal distribution."""


def robust_zscore(data: Tensor, clip: float | None = None) -> Tensor:
    """[..., C, T] -> (x - median) / (interquartile range / 1.349) for each channel over its time.

    Median and quartiles ignore the blinks and movements that would shrink a plain z-score. A flat channel becomes 0.

    Args:
        clip: bound on the size of the result; None for no bound.
    """
    ordered = data.sort(dim=-1).values
    low, middle, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    spread = (high - low) / _NORMAL_QUARTILES
    scaled = (data - middle) / spread.where(spread > 0, spread.new_tensor(float("inf")))
    return scaled if clip is None else scaled.clamp(-clip, clip)


def _quantile(ordered: Tensor, share: float) -> Tensor:
    """[..., C, 1] by linear interpolation; torch.quantile refuses more than 16 million values."""
    place = share * (ordered.shape[-1] - 1)
    below = int(place)
    above = min(below + 1, ordered.shape[-1] - 1)
    low, high = ordered[..., below : below + 1], ordered[..., above : above + 1]
    return low + (place - below) * (high - low)


def divide(data: Tensor, unit_uv: float = 100.0) -> Tensor:
    """Microvolts in units of `unit_uv`; LaBraM, CBraMod and EEG-DINO were trained with 100."""
    if not unit_uv > 0:
        raise ConfigError(f"unit_uv: expected a positive number, found {unit_uv}")
    return data / unit_uv
