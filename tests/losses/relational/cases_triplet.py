"""The triplet loss, for the tests that every loss passes."""

from functools import partial

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.relational.slow_triplet import triplet as slow
from xmodal import losses

triplet = partial(
    Case,
    losses.triplet_loss,
    losses.TripletLoss,
    slow=slow,
    options={"margin": 3.0},
    positive=(),  # any margin has a meaning
    zero_at_identity=False,  # the negative may be nearer than the margin
)

CASES = {
    "triplet": triplet(shape=(B, D), mask_shapes=ROWS, extras={"negative": (B, D)}),
    "triplet-tokens": triplet(shape=(B, N, D), mask_shapes=TOKENS, extras={"negative": (B, N, D)}),
}
