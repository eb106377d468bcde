"""Losses between maps and tokens that lie in space: foreground masks, key points, superpixels."""

from xmodal.losses.geometry.activation_map import ActivationMapLoss, activation_map_loss
from xmodal.losses.geometry.activation_mask import ActivationMaskLoss, activation_mask_loss
from xmodal.losses.geometry.affinity_matrix import AffinityMatrixLoss, affinity_matrix_loss
from xmodal.losses.geometry.box_keypoints import box_keypoints
from xmodal.losses.geometry.box_mask import box_mask
from xmodal.losses.geometry.box_response import BoxResponseLoss, box_response_loss
from xmodal.losses.geometry.gaussian_mask import gaussian_mask
from xmodal.losses.geometry.heatmap_box import HeatmapBoxLoss, heatmap_box_loss
from xmodal.losses.geometry.heatmap_response import HeatmapResponseLoss, heatmap_response_loss
from xmodal.losses.geometry.keypoint_feature import KeypointFeatureLoss, keypoint_feature_loss
from xmodal.losses.geometry.keypoint_relation import KeypointRelationLoss, keypoint_relation_loss
from xmodal.losses.geometry.lovasz import LovaszLoss, lovasz_loss
from xmodal.losses.geometry.margin_response import MarginResponseLoss, margin_response_loss
from xmodal.losses.geometry.mask_scaling import MaskScalingLoss, enlarged_sizes, mask_scaling_loss
from xmodal.losses.geometry.masked_huber import MaskedHuberLoss, masked_huber_loss
from xmodal.losses.geometry.masked_map import MaskedMapLoss, masked_map_loss
from xmodal.losses.geometry.mea import MEALoss, MEATerms
from xmodal.losses.geometry.occupancy import OccupancyLoss, occupancy_loss
from xmodal.losses.geometry.proposal_map import ProposalMapLoss, proposal_map_loss
from xmodal.losses.geometry.quality_focal import QualityFocalLoss, quality_focal_loss
from xmodal.losses.geometry.superpixel_contrast import SuperpixelContrastLoss, superpixel_contrast_loss

__all__ = [
    "ActivationMapLoss",
    "ActivationMaskLoss",
    "AffinityMatrixLoss",
    "BoxResponseLoss",
    "HeatmapBoxLoss",
    "HeatmapResponseLoss",
    "KeypointFeatureLoss",
    "KeypointRelationLoss",
    "LovaszLoss",
    "MEALoss",
    "MEATerms",
    "MarginResponseLoss",
    "MaskScalingLoss",
    "MaskedHuberLoss",
    "MaskedMapLoss",
    "OccupancyLoss",
    "ProposalMapLoss",
    "QualityFocalLoss",
    "SuperpixelContrastLoss",
    "activation_map_loss",
    "activation_mask_loss",
    "affinity_matrix_loss",
    "box_keypoints",
    "box_mask",
    "box_response_loss",
    "enlarged_sizes",
    "gaussian_mask",
    "heatmap_box_loss",
    "heatmap_response_loss",
    "keypoint_feature_loss",
    "keypoint_relation_loss",
    "lovasz_loss",
    "margin_response_loss",
    "mask_scaling_loss",
    "masked_huber_loss",
    "masked_map_loss",
    "occupancy_loss",
    "proposal_map_loss",
    "quality_focal_loss",
    "superpixel_contrast_loss",
]
