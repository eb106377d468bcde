"""The losses between relations, for the tests that every loss passes."""

from losses.case import ROWS, B, Case, D
from losses.relational import slow
from xmodal import losses

CASES = {
    "rkd-distance": Case(
        losses.rkd_distance_loss, losses.RKDDistanceLoss, (B, D), slow.rkd_distance, ROWS, D + 3, has_items=False
    ),
    "rkd-angle": Case(losses.rkd_angle_loss, losses.RKDAngleLoss, (B, D), slow.rkd_angle, ROWS, D + 3, has_items=False),
    "contrastive": Case(
        losses.contrastive_loss,
        losses.ContrastiveLoss,
        (B, D),
        slow.contrastive,
        ROWS,
        options={"temperature": 0.2},
        zero_at_identity=False,
    ),
}
