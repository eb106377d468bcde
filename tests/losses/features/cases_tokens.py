"""The losses between tokens, embeddings and pairs, for the tests that every loss passes."""

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.features import slow_tokens as slow
from losses.slow import per_item
from xmodal import losses

STATEFUL = {"DiffKDLoss", "DiffKDLogitsLoss", "DiffKDTokensLoss"}

PARTS = {"cosine_weight": 0.7, "smooth_l1_weight": 0.2}
SPECTRUM = {"magnitude_weight": 0.7, "phase_weight": 1.5}

CASES = {
    "cosine-smooth-l1": Case(
        losses.cosine_smooth_l1_loss,
        losses.CosineSmoothL1Loss,
        (B, D),
        per_item(slow.cosine_smooth_l1, 1),
        ROWS,
        options={**PARTS, "beta": 0.6},
        positive=("beta",),  # either part may be left out
    ),
    "cosine-smooth-l1-tokens": Case(
        losses.cosine_smooth_l1_loss,
        losses.CosineSmoothL1Loss,
        (B, N, D),
        per_item(slow.cosine_smooth_l1, 1),
        TOKENS,
        options={**PARTS, "beta": 0.6},
        positive=("beta",),
    ),
    "theia": Case(losses.theia_loss, losses.TheiaLoss, (B, D), slow.theia, ROWS, options=PARTS, positive=()),
    # One long vector a sample: there is no value per token, and tokens cannot be masked one by one.
    "theia-tokens": Case(losses.theia_loss, losses.TheiaLoss, (B, N, D), slow.theia, ROWS, options=PARTS, positive=()),
    "scalr": Case(
        losses.scalr_loss,
        losses.ScaLRLoss,
        (B, D),
        slow.scalr,
        ROWS,
        extras={"weight": (B,)},
        not_negative=("weight",),
    ),
    "scalr-tokens": Case(
        losses.scalr_loss,
        losses.ScaLRLoss,
        (B, N, D),
        slow.scalr,
        TOKENS,
        extras={"weight": (B, N)},
        not_negative=("weight",),
    ),
    # A transform mixes all places along a dimension: only whole samples have a value or can be masked.
    "spectral": Case(
        losses.spectral_loss,
        losses.SpectralLoss,
        (B, N, D),
        slow.spectral,
        ROWS,
        options={**SPECTRUM, "dim": 1},
        positive=(),
    ),
    "spectral-grid": Case(
        losses.spectral_loss,
        losses.SpectralLoss,
        (B, 2, 4, D),
        slow.spectral,
        ROWS,
        options={**SPECTRUM, "dim": -2},
        positive=(),
    ),
    "truncated-hint": Case(
        losses.truncated_hint_loss,
        losses.TruncatedHintLoss,
        (B, D),
        per_item(slow.truncated_hint, 1),
        ROWS,
        teacher_width=D + 3,
    ),
    "truncated-hint-tokens": Case(
        losses.truncated_hint_loss,
        losses.TruncatedHintLoss,
        (B, N, D),
        per_item(slow.truncated_hint, 1),
        TOKENS,
        teacher_width=D + 3,
    ),
    "hallucination": Case(losses.hallucination_loss, losses.HallucinationLoss, (B, D), slow.hallucination, ROWS),
    # The squared length of a whole layer: no value per token.
    "hallucination-map": Case(
        losses.hallucination_loss, losses.HallucinationLoss, (B, N, 2, D), slow.hallucination, ROWS
    ),
    # Masked tokens leave their place to others of the sample, which the common test cannot express: see its own tests.
    "attended-token": Case(
        losses.attended_token_loss,
        losses.AttendedTokenLoss,
        (B, N, D),
        slow.attended_token,
        ROWS,
        options={"k": 2},
        extras={"attention": (B, N)},
    ),
    "info-nce": Case(
        losses.info_nce_loss,
        losses.InfoNCELoss,
        (B, D),
        slow.info_nce,
        ROWS,
        options={"temperature": 0.2},
        zero_at_identity=False,
    ),
    "hard-negative": Case(
        losses.hard_negative_loss,
        losses.HardNegativeLoss,
        (B, D),
        slow.hard_negative,
        ROWS,
        options={"temperature": 0.2},
        extras={"negatives": (B, 4, D)},
        zero_at_identity=False,
    ),
}
