"""Values of public implementations: see `test_classic_golden.py`."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from golden.inputs import pair
from xmodal.losses import neighbour_congruence_loss, pkt_loss, similarity_preserving_loss


def _flat() -> tuple[Tensor, Tensor]:
    student, teacher = pair("feat")
    return student.flatten(1), teacher.flatten(1)


def _rows_that_sum_to_one() -> Tensor:
    """Each row of the similarity matrix divided by the sum of its absolute values, not by its length."""
    student, teacher = (F.normalize(x @ x.T, p=1) for x in _flat())
    return F.mse_loss(student, teacher)


COVERED: dict[str, Callable[[], Tensor]] = {
    "sp": lambda: similarity_preserving_loss(*_flat()),
    "pkt": lambda: pkt_loss(*pair("emb")),
    "cc": lambda: neighbour_congruence_loss(*pair("emb")),
}

APART: dict[tuple[str, str], Callable[[], Tensor]] = {
    ("sp", "torchdistill"): _rows_that_sum_to_one,
}
