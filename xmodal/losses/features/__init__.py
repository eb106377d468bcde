"""Losses between feature vectors and maps."""

from xmodal.losses.features.cosine import CosineLoss, cosine_loss
from xmodal.losses.features.hint import HintLoss, hint_loss
from xmodal.losses.features.value import ValueLoss, value_loss

__all__ = [
    "CosineLoss",
    "HintLoss",
    "ValueLoss",
    "cosine_loss",
    "hint_loss",
    "value_loss",
]
