"""The losses between distributions, for the tests that every loss passes."""

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.logits import slow
from losses.slow import per_item
from xmodal import losses

CASES = {
    "kd": Case(losses.kd_loss, losses.KDLoss, (B, D), per_item(slow.kd, 1), ROWS, options={"temperature": 2.5}),
    "kd-tokens": Case(
        losses.kd_loss, losses.KDLoss, (B, N, D), per_item(slow.kd, 1), TOKENS, options={"temperature": 2.5}
    ),
    "soft-label": Case(
        losses.soft_label_loss,
        losses.SoftLabelLoss,
        (B, D),
        per_item(slow.soft_label, 1),
        ROWS,
        options={"temperature": 3.0},
        zero_at_identity=False,
    ),
    "soft-label-tokens": Case(
        losses.soft_label_loss,
        losses.SoftLabelLoss,
        (B, N, D),
        per_item(slow.soft_label, 1),
        TOKENS,
        options={"temperature": 3.0},
        zero_at_identity=False,
    ),
}
