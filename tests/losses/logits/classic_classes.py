"""Values of public implementations: see `test_classic_golden.py`."""

from collections.abc import Callable

import torch
from torch import Tensor

from golden.inputs import pair
from xmodal.losses import KDLoss, LogitStandardization, dist_loss, dkd_loss

LABELS = torch.arange(8) * 3 % 10

COVERED: dict[str, Callable[[], Tensor]] = {
    "dkd a=1 b=8 T=4": lambda: dkd_loss(*pair("logits"), LABELS, alpha=1.0, beta=8.0, temperature=4.0),
    "dist tau=1": lambda: dist_loss(*pair("logits"), temperature=1.0),
    "logit_std T=2 (T^2*KL)": lambda: LogitStandardization(KDLoss(temperature=2.0))(*pair("logits")),
}

APART: dict[tuple[str, str], Callable[[], Tensor]] = {}
