"""Values of public implementations: see `test_classic_golden.py`."""

from collections.abc import Callable

from torch import Tensor

from golden.inputs import pair, unit_pair
from xmodal.losses import hint_loss

COVERED: dict[str, Callable[[], Tensor]] = {
    "hint (mse)": lambda: hint_loss(*pair("feat")),
}

APART: dict[tuple[str, str], Callable[[], Tensor]] = {
    # Each sample's whole map made a unit vector, then a sum over its 6 * 4 * 4 elements in place of the mean.
    ("hint (mse)", "mmrazor_L2_default_norm"): lambda: 96 * hint_loss(*unit_pair("feat")),
}
