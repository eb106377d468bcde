"""Values of public implementations: see `test_classic_golden.py`."""

from collections.abc import Callable

from torch import Tensor

from golden.inputs import pair
from xmodal.losses import kd_loss

COVERED: dict[str, Callable[[], Tensor]] = {
    "kd_T4 (T^2 * KL batchmean)": lambda: kd_loss(*pair("logits"), temperature=4.0),
}

APART: dict[tuple[str, str], Callable[[], Tensor]] = {
    ("kd_T4 (T^2 * KL batchmean)", "torchdistill_alpha_None_T2_missing"): lambda: kd_loss(*pair("logits")) / 4**2,
    ("kd_T4 (T^2 * KL batchmean)", "modelopt_default_mean"): lambda: kd_loss(*pair("logits")) / 10,
}
