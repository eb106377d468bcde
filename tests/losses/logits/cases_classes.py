"""The losses between class distributions, for the tests that every loss passes."""

from functools import partial

import torch

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.logits import slow_classes as slow
from losses.slow import per_item
from xmodal import losses

# Powers of two, so that half precision holds them exactly.
PRIOR = torch.stack([torch.tensor([8.0, 4.0, 2.0, 1.0, 1.0]).roll(i) / 16 for i in range(D)])
PAIRS = {"alpha": 0.7, "beta": 3.0, "temperature": 2.5, "weight_temperature": 1.5}
LEVELS = {"temperatures": (1.0, 2.5), "instance_weight": 0.8, "batch_weight": 0.6, "class_weight": 0.7}

dkd = partial(
    Case,
    losses.dkd_loss,
    losses.DKDLoss,
    slow=slow.with_labels(slow.dkd),
    options={"alpha": 0.7, "beta": 1.5, "temperature": 2.5},
    positive=("temperature",),
    classes=D,
)
ofa = partial(
    Case,
    losses.ofa_loss,
    losses.OFALoss,
    slow=slow.with_labels(slow.ofa),
    options={"eps": 1.4, "temperature": 2.5},
    classes=D,
    zero_at_identity=False,  # a cross-entropy
)
dist = partial(
    Case,
    losses.dist_loss,
    losses.DISTLoss,
    slow=slow.dist,
    options={"beta": 0.7, "gamma": 1.3, "temperature": 1.5},
    positive=("temperature",),
    has_items=False,
    zero_at_identity=False,  # the source's 1e-8 in the denominator; test_dist.py bounds it
)
mlld = partial(
    Case,
    losses.mlld_loss,
    losses.MLLDLoss,
    slow=slow.mlld,
    positive=(),  # test_mlld.py: the temperatures are a tuple
    has_items=False,
)
gkl = partial(
    Case,
    losses.gkl_loss,
    losses.GKLLoss,
    slow=slow.gkl,
    options={**PAIRS, "gamma": 0.6},
    positive=("temperature", "weight_temperature"),
    classes=D,
    has_items=False,
    zero_at_identity=False,  # contains a cross-entropy
)
ikl = partial(
    Case,
    losses.ikl_loss,
    losses.IKLLoss,
    slow=slow.with_labels(slow.ikl),
    options=PAIRS,
    positive=("temperature", "weight_temperature"),
    classes=D,
    zero_at_identity=False,  # contains a cross-entropy
)
binary_kd = partial(
    Case,
    losses.binary_kd_loss,
    losses.BinaryKDLoss,
    slow=per_item(slow.binary_kd, 0),
    positive=("temperature",),
    zero_at_identity=False,  # a cross-entropy
)
margin_focal = partial(
    Case,
    losses.margin_focal_loss,
    losses.MarginFocalLoss,
    slow=slow.margin_focal,
    options={"margin": 0.9, "gamma": 1.7, "pos_weight": 1.5, "separation_weight": 0.6},
    positive=("pos_weight",),
    classes=2,
    teacher=False,
    has_items=False,
    zero_at_identity=False,  # a cross-entropy
    detects_shuffling=False,  # no teacher
)

CASES = {
    "dkd": dkd(shape=(B, D), mask_shapes=ROWS),
    "dkd-tokens": dkd(shape=(B, N, D), mask_shapes=TOKENS),
    "ofa": ofa(shape=(B, D), mask_shapes=ROWS),
    "ofa-tokens": ofa(shape=(B, N, D), mask_shapes=TOKENS),
    "dist": dist(shape=(B, D), mask_shapes=ROWS),
    "dist-tokens": dist(shape=(B, N, D), mask_shapes=TOKENS),
    "mlld": mlld(shape=(B, D), mask_shapes=ROWS, options={**LEVELS, "form": "paper"}),
    "mlld-tokens": mlld(shape=(B, N, D), mask_shapes=TOKENS, options={**LEVELS, "form": "paper"}),
    "mlld-released": mlld(shape=(B, D), mask_shapes=ROWS, options={**LEVELS, "form": "released"}),
    "mlld-released-tokens": mlld(shape=(B, N, D), mask_shapes=TOKENS, options={**LEVELS, "form": "released"}),
    "gkl": gkl(shape=(B, D), mask_shapes=ROWS, extras={"prior": PRIOR}),
    "gkl-tokens": gkl(shape=(B, N, D), mask_shapes=TOKENS, extras={"prior": PRIOR}),
    "gkl-sample-weights": gkl(shape=(B, D), mask_shapes=ROWS, extras={"prior": None}),
    "gkl-sample-weights-tokens": gkl(shape=(B, N, D), mask_shapes=TOKENS, extras={"prior": None}),
    "ikl": ikl(shape=(B, D), mask_shapes=ROWS, extras={"prior": PRIOR}),
    "ikl-tokens": ikl(shape=(B, N, D), mask_shapes=TOKENS, extras={"prior": PRIOR}),
    "ikl-sample-weights": ikl(shape=(B, D), mask_shapes=ROWS, extras={"prior": None}),
    "ikl-sample-weights-tokens": ikl(shape=(B, N, D), mask_shapes=TOKENS, extras={"prior": None}),
    "binary-kd": binary_kd(shape=(B,), mask_shapes=ROWS, options={"temperature": 0.5, "softened": "both"}),
    "binary-kd-labels": binary_kd(shape=(B, N), mask_shapes=TOKENS, options={"temperature": 0.5, "softened": "both"}),
    "binary-kd-tokens": binary_kd(
        shape=(B, N, D), mask_shapes=TOKENS, options={"temperature": 0.5, "softened": "teacher"}
    ),
    "margin-focal": margin_focal(shape=(B,), mask_shapes=ROWS),
    "margin-focal-tokens": margin_focal(shape=(B, N), mask_shapes=TOKENS),
}
