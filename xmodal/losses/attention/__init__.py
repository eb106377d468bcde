"""Losses between attention maps, and between vocabulary distributions, that never hold the full matrix."""

from xmodal.losses.attention.attention_kl import AttentionKLLoss, attention_kl_loss
from xmodal.losses.attention.vocabulary_jsd import VocabularyJSDLoss, vocabulary_jsd_loss
from xmodal.losses.attention.vocabulary_kl import VocabularyKLLoss, vocabulary_kl_loss

__all__ = [
    "AttentionKLLoss",
    "VocabularyJSDLoss",
    "VocabularyKLLoss",
    "attention_kl_loss",
    "vocabulary_jsd_loss",
    "vocabulary_kl_loss",
]
