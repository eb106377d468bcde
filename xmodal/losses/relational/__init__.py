"""Losses between relations: of samples, or of tokens, to each other."""

from xmodal.losses.relational.clip_affinity import CLIPAffinityLoss, clip_affinity_loss
from xmodal.losses.relational.clip_cross_kd import CLIPCrossKDLoss, clip_cross_kd_loss
from xmodal.losses.relational.clip_feature import CLIPFeatureLoss, clip_feature_loss
from xmodal.losses.relational.clip_gradient import CLIPGradientLoss, clip_gradient_loss
from xmodal.losses.relational.clip_kd_terms import CLIPKDTerms
from xmodal.losses.relational.clip_rd_terms import CLIPRDTerms
from xmodal.losses.relational.contrastive import ContrastiveLoss, contrastive_loss
from xmodal.losses.relational.correlation_congruence import CorrelationCongruenceLoss, correlation_congruence_loss
from xmodal.losses.relational.cross_relation import CrossRelationLoss, cross_relation_loss
from xmodal.losses.relational.fused_contrastive import FusedContrastiveLoss
from xmodal.losses.relational.interactive_contrastive import InteractiveContrastiveLoss, interactive_contrastive_loss
from xmodal.losses.relational.neighbour_congruence import NeighbourCongruenceLoss, neighbour_congruence_loss
from xmodal.losses.relational.pairwise_affinity import PairwiseAffinityLoss, pairwise_affinity_loss
from xmodal.losses.relational.pkt import PKTLoss, pkt_loss
from xmodal.losses.relational.regions import pool_regions
from xmodal.losses.relational.rkd_angle import RKDAngleLoss, rkd_angle_loss
from xmodal.losses.relational.rkd_distance import RKDDistanceLoss, rkd_distance_loss
from xmodal.losses.relational.similarity_preserving import SimilarityPreservingLoss, similarity_preserving_loss
from xmodal.losses.relational.triplet import TripletLoss, triplet_loss
from xmodal.losses.relational.vertical_relation import VerticalRelationLoss, vertical_relation_loss

__all__ = [
    "CLIPAffinityLoss",
    "CLIPCrossKDLoss",
    "CLIPFeatureLoss",
    "CLIPGradientLoss",
    "CLIPKDTerms",
    "CLIPRDTerms",
    "ContrastiveLoss",
    "CorrelationCongruenceLoss",
    "CrossRelationLoss",
    "FusedContrastiveLoss",
    "InteractiveContrastiveLoss",
    "NeighbourCongruenceLoss",
    "PKTLoss",
    "PairwiseAffinityLoss",
    "RKDAngleLoss",
    "RKDDistanceLoss",
    "SimilarityPreservingLoss",
    "TripletLoss",
    "VerticalRelationLoss",
    "clip_affinity_loss",
    "clip_cross_kd_loss",
    "clip_feature_loss",
    "clip_gradient_loss",
    "contrastive_loss",
    "correlation_congruence_loss",
    "cross_relation_loss",
    "interactive_contrastive_loss",
    "neighbour_congruence_loss",
    "pairwise_affinity_loss",
    "pkt_loss",
    "pool_regions",
    "rkd_angle_loss",
    "rkd_distance_loss",
    "similarity_preserving_loss",
    "triplet_loss",
    "vertical_relation_loss",
]
