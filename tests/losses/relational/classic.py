"""Values of public implementations: see `test_classic_golden.py`."""

from collections.abc import Callable

from torch import Tensor

from golden.inputs import pair, unit_pair
from xmodal.losses import rkd_angle_loss, rkd_distance_loss

COVERED: dict[str, Callable[[], Tensor]] = {
    "rkd_d w=25 (embeddings)": lambda: 25 * rkd_distance_loss(*pair("emb")),
    "rkd_a w=50 (embeddings)": lambda: 50 * rkd_angle_loss(*pair("emb")),
}

APART: dict[tuple[str, str], Callable[[], Tensor]] = {
    ("rkd_d w=25 (embeddings)", "mmrazor_l2norm"): lambda: 25 * rkd_distance_loss(*unit_pair("emb")),
    ("rkd_a w=50 (embeddings)", "mmrazor_l2norm"): lambda: 50 * rkd_angle_loss(*unit_pair("emb")),
}
