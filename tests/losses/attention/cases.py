"""The losses of `xmodal.losses.attention`, for the tests that every loss passes."""

from __future__ import annotations

import torch
from torch import Tensor

from losses.attention import slow_vocabulary as slow
from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.slow import per_item
from xmodal import losses

APART_FROM_TABLE = {"attention_kl_loss": "AttentionKLLoss"}
"""Function and module that take four tensors; they have the same tests of their own."""

V, WIDER = 9, 7


def _made(*shape: int) -> Tensor:
    """Exact in half precision too."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(3 + len(shape)), dtype=torch.float64)
    return (x * 32).round() / 32


ONE_HEAD = {
    "student_weight": _made(V, D),
    "teacher_weight": _made(V, D),
    "student_bias": None,
    "teacher_bias": None,
}
TWO_HEADS = {
    "student_weight": _made(V, D),
    "teacher_weight": _made(V, WIDER),
    "student_bias": _made(V),
    "teacher_bias": _made(V).flip(0),
}
TEACHER_LOGITS = {**TWO_HEADS, "teacher_weight": None, "teacher_bias": None}

CASES = {
    "vocabulary-kl": Case(
        losses.vocabulary_kl_loss,
        losses.VocabularyKLLoss,
        (B, D),
        per_item(slow.vocabulary_kl, 1),
        ROWS,
        options={"temperature": 2.5},
        extras=ONE_HEAD,
    ),
    "vocabulary-kl-tokens": Case(
        losses.vocabulary_kl_loss,
        losses.VocabularyKLLoss,
        (B, N, D),
        per_item(slow.vocabulary_kl, 1),
        TOKENS,
        teacher_width=WIDER,
        options={"temperature": 1.5},
        extras=TWO_HEADS,
        zero_at_identity=False,  # other weights
        detects_shuffling=False,
    ),
    "vocabulary-kl-logits": Case(
        losses.vocabulary_kl_loss,
        losses.VocabularyKLLoss,
        (B, N, D),
        per_item(slow.vocabulary_kl, 1),
        TOKENS,
        teacher_width=V,
        options={"temperature": 0.8},
        extras=TEACHER_LOGITS,
        zero_at_identity=False,  # hidden states against logits
        detects_shuffling=False,
    ),
    "vocabulary-jsd": Case(
        losses.vocabulary_jsd_loss,
        losses.VocabularyJSDLoss,
        (B, D),
        per_item(slow.vocabulary_jsd, 1),
        ROWS,
        options={"beta": 0.3, "temperature": 2.5},
        positive=("temperature",),
        extras=ONE_HEAD,
    ),
    "vocabulary-jsd-tokens": Case(
        losses.vocabulary_jsd_loss,
        losses.VocabularyJSDLoss,
        (B, N, D),
        per_item(slow.vocabulary_jsd, 1),
        TOKENS,
        teacher_width=WIDER,
        options={"beta": 0.7, "temperature": 0.9},
        positive=("temperature",),
        extras=TWO_HEADS,
        zero_at_identity=False,  # other weights
        detects_shuffling=False,
    ),
}
