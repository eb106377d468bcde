"""The losses between features, for the tests that every loss passes."""

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.features import slow
from losses.slow import per_item
from xmodal import losses

CASES = {
    "hint": Case(losses.hint_loss, losses.HintLoss, (B, D), per_item(slow.hint, 1), ROWS),
    "hint-tokens": Case(losses.hint_loss, losses.HintLoss, (B, N, D), per_item(slow.hint, 1), TOKENS),
    "hint-map": Case(losses.hint_loss, losses.HintLoss, (B, N, 2, D), per_item(slow.hint, 1), TOKENS),
    "cosine": Case(losses.cosine_loss, losses.CosineLoss, (B, D), per_item(slow.cosine, 1), ROWS),
    "cosine-tokens": Case(losses.cosine_loss, losses.CosineLoss, (B, N, D), per_item(slow.cosine, 1), TOKENS),
    "value": Case(losses.value_loss, losses.ValueLoss, (B,), per_item(slow.value, 0), ROWS, options={"beta": 0.3}),
    "value-tokens": Case(
        losses.value_loss, losses.ValueLoss, (B, N), per_item(slow.value, 0), TOKENS, options={"beta": 0.3}
    ),
}
