"""Losses between class or token distributions."""

from xmodal.losses.logits.kd import KDLoss, kd_loss
from xmodal.losses.logits.soft_label import SoftLabelLoss, soft_label_loss

__all__ = [
    "KDLoss",
    "SoftLabelLoss",
    "kd_loss",
    "soft_label_loss",
]
