"""Losses between class or token distributions."""

from xmodal.losses.logits.bild import BiLDLoss, bild_loss
from xmodal.losses.logits.binary_kd import BinaryKDLoss, binary_kd_loss
from xmodal.losses.logits.class_prior import ClassPrior
from xmodal.losses.logits.committee_target import committee_target
from xmodal.losses.logits.dbild import DBiLDLoss, dbild_loss
from xmodal.losses.logits.dist import DISTLoss, dist_loss
from xmodal.losses.logits.dkd import DKDLoss, dkd_loss
from xmodal.losses.logits.entropy_gated import EntropyGatedLoss, entropy_gated_loss
from xmodal.losses.logits.figkd import FiGKDLoss, figkd_loss
from xmodal.losses.logits.generalized_jsd import GeneralizedJSDLoss, generalized_jsd_loss
from xmodal.losses.logits.gkl import GKLLoss, gkl_loss
from xmodal.losses.logits.ikl import IKLLoss, ikl_loss
from xmodal.losses.logits.kd import KDLoss, kd_loss
from xmodal.losses.logits.knee import knee
from xmodal.losses.logits.logit_standardization import LogitStandardization, standardize_logits
from xmodal.losses.logits.margin_focal import MarginFocalLoss, margin_focal_loss
from xmodal.losses.logits.mask_kd import MaskKDLoss, mask_kd_loss
from xmodal.losses.logits.mlld import MLLDLoss, mlld_loss
from xmodal.losses.logits.ofa import OFALoss, ofa_loss
from xmodal.losses.logits.reverse_kl import ReverseKLLoss, reverse_kl_loss
from xmodal.losses.logits.soft_label import SoftLabelLoss, soft_label_loss
from xmodal.losses.logits.token_selection import token_selection
from xmodal.losses.logits.uncertainty_kd import UncertaintyKDLoss, uncertainty_kd_loss

__all__ = [
    "BiLDLoss",
    "BinaryKDLoss",
    "ClassPrior",
    "DBiLDLoss",
    "DISTLoss",
    "DKDLoss",
    "EntropyGatedLoss",
    "FiGKDLoss",
    "GKLLoss",
    "GeneralizedJSDLoss",
    "IKLLoss",
    "KDLoss",
    "LogitStandardization",
    "MLLDLoss",
    "MarginFocalLoss",
    "MaskKDLoss",
    "OFALoss",
    "ReverseKLLoss",
    "SoftLabelLoss",
    "UncertaintyKDLoss",
    "bild_loss",
    "binary_kd_loss",
    "committee_target",
    "dbild_loss",
    "dist_loss",
    "dkd_loss",
    "entropy_gated_loss",
    "figkd_loss",
    "generalized_jsd_loss",
    "gkl_loss",
    "ikl_loss",
    "kd_loss",
    "knee",
    "margin_focal_loss",
    "mask_kd_loss",
    "mlld_loss",
    "ofa_loss",
    "reverse_kl_loss",
    "soft_label_loss",
    "standardize_logits",
    "token_selection",
    "uncertainty_kd_loss",
]
