"""Losses between relations: of samples, or of tokens, to each other."""

from xmodal.losses.relational.contrastive import ContrastiveLoss, contrastive_loss
from xmodal.losses.relational.rkd_angle import RKDAngleLoss, rkd_angle_loss
from xmodal.losses.relational.rkd_distance import RKDDistanceLoss, rkd_distance_loss

__all__ = [
    "ContrastiveLoss",
    "RKDAngleLoss",
    "RKDDistanceLoss",
    "contrastive_loss",
    "rkd_angle_loss",
    "rkd_distance_loss",
]
