"""Losses between feature vectors and maps."""

from xmodal.losses.features._diffusion import DiffKDTerms, DiffusionDraws
from xmodal.losses.features.attended_token import AttendedTokenLoss, attended_token_loss
from xmodal.losses.features.attention_transfer import AttentionTransferLoss, attention_transfer_loss
from xmodal.losses.features.cat_kd import CATKDLoss, cat_kd_loss
from xmodal.losses.features.cka import CKALoss, cka_loss, linear_cka
from xmodal.losses.features.codebook_diversity import CodebookDiversity, codebook_diversity
from xmodal.losses.features.cosine import CosineLoss, cosine_loss
from xmodal.losses.features.cosine_smooth_l1 import CosineSmoothL1Loss, cosine_smooth_l1_loss
from xmodal.losses.features.crd import crd_loss
from xmodal.losses.features.crd_memory import CRDMemory
from xmodal.losses.features.crd_with_memory import CRDLoss
from xmodal.losses.features.cwd import CWDLoss, cwd_loss
from xmodal.losses.features.diffkd import DiffKDLoss
from xmodal.losses.features.diffkd_logits import DiffKDLogitsLoss
from xmodal.losses.features.diffkd_tokens import DiffKDTokensLoss
from xmodal.losses.features.fsp import FSPLoss, fsp_loss
from xmodal.losses.features.hallucination import HallucinationLoss, hallucination_loss
from xmodal.losses.features.hard_negative import HardNegativeLoss, hard_negative_loss
from xmodal.losses.features.hcl import HCLLoss, hcl_loss
from xmodal.losses.features.hint import HintLoss, hint_loss
from xmodal.losses.features.info_nce import InfoNCELoss, info_nce_loss
from xmodal.losses.features.matryoshka import Matryoshka, doubling_widths, prefix_weights
from xmodal.losses.features.mmd import MMDLoss, mmd_loss
from xmodal.losses.features.nst import NSTLoss, nst_loss
from xmodal.losses.features.pkd import PKDLoss, pkd_loss
from xmodal.losses.features.review_fusion import ReviewFusion
from xmodal.losses.features.scalr import ScaLRLoss, scalr_loss
from xmodal.losses.features.spectral import SpectralLoss, spectral_loss
from xmodal.losses.features.theia import TheiaLoss, theia_loss
from xmodal.losses.features.truncated_hint import TruncatedHintLoss, truncated_hint_loss
from xmodal.losses.features.unbiased_cka import UnbiasedCKALoss, unbiased_cka_loss, unbiased_linear_cka
from xmodal.losses.features.value import ValueLoss, value_loss
from xmodal.losses.features.vid import VIDLoss, vid_loss

__all__ = [
    "AttendedTokenLoss",
    "AttentionTransferLoss",
    "CATKDLoss",
    "CKALoss",
    "CRDLoss",
    "CRDMemory",
    "CWDLoss",
    "CodebookDiversity",
    "CosineLoss",
    "CosineSmoothL1Loss",
    "DiffKDLogitsLoss",
    "DiffKDLoss",
    "DiffKDTerms",
    "DiffKDTokensLoss",
    "DiffusionDraws",
    "FSPLoss",
    "HCLLoss",
    "HallucinationLoss",
    "HardNegativeLoss",
    "HintLoss",
    "InfoNCELoss",
    "MMDLoss",
    "Matryoshka",
    "NSTLoss",
    "PKDLoss",
    "ReviewFusion",
    "ScaLRLoss",
    "SpectralLoss",
    "TheiaLoss",
    "TruncatedHintLoss",
    "UnbiasedCKALoss",
    "VIDLoss",
    "ValueLoss",
    "attended_token_loss",
    "attention_transfer_loss",
    "cat_kd_loss",
    "cka_loss",
    "codebook_diversity",
    "cosine_loss",
    "cosine_smooth_l1_loss",
    "crd_loss",
    "cwd_loss",
    "doubling_widths",
    "fsp_loss",
    "hallucination_loss",
    "hard_negative_loss",
    "hcl_loss",
    "hint_loss",
    "info_nce_loss",
    "linear_cka",
    "mmd_loss",
    "nst_loss",
    "pkd_loss",
    "prefix_weights",
    "scalr_loss",
    "spectral_loss",
    "theia_loss",
    "truncated_hint_loss",
    "unbiased_cka_loss",
    "unbiased_linear_cka",
    "value_loss",
    "vid_loss",
]
