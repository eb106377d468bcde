"""Relations between samples, or between tokens, are compared."""

from xmodal.distillers.relational.clip_kd import CLIPKD
from xmodal.distillers.relational.clip_rd import CLIPRD
from xmodal.distillers.relational.contrastive_memory import ContrastiveMemory
from xmodal.distillers.relational.rkd import Relational
from xmodal.distillers.relational.token_similarity import TokenSimilarity
from xmodal.distillers.relational.tower_contrast import TowerContrast

__all__ = [
    "CLIPKD",
    "CLIPRD",
    "ContrastiveMemory",
    "Relational",
    "TokenSimilarity",
    "TowerContrast",
]
