"""Losses: functions of plain tensors, student first and teacher second, each with a thin module beside it."""

from xmodal.losses.contrastive import ContrastiveLoss, contrastive_loss
from xmodal.losses.cosine import CosineLoss, cosine_loss
from xmodal.losses.hint import HintLoss, hint_loss
from xmodal.losses.kd import KDLoss, kd_loss
from xmodal.losses.rkd_angle import RKDAngleLoss, rkd_angle_loss
from xmodal.losses.rkd_distance import RKDDistanceLoss, rkd_distance_loss
from xmodal.losses.soft_label import SoftLabelLoss, soft_label_loss
from xmodal.losses.value import ValueLoss, value_loss

__all__ = [
    "ContrastiveLoss",
    "CosineLoss",
    "HintLoss",
    "KDLoss",
    "RKDAngleLoss",
    "RKDDistanceLoss",
    "SoftLabelLoss",
    "ValueLoss",
    "contrastive_loss",
    "cosine_loss",
    "hint_loss",
    "kd_loss",
    "rkd_angle_loss",
    "rkd_distance_loss",
    "soft_label_loss",
    "value_loss",
]
