"""Values of public implementations: see `test_classic_golden.py`."""

from collections.abc import Callable

from torch import Tensor

from golden.inputs import pair
from xmodal.losses import attention_transfer_loss, cwd_loss, fsp_loss, hcl_loss, nst_loss, pkd_loss


def _fsp() -> Tensor:
    (student, teacher), (student_next, teacher_next) = pair("feat"), pair("feat2")
    return fsp_loss(student, teacher, student_next=student_next, teacher_next=teacher_next)


COVERED: dict[str, Callable[[], Tensor]] = {
    "at p=2": lambda: attention_transfer_loss(*pair("feat")),
    "nst": lambda: nst_loss(*pair("feat")),
    "fsp": _fsp,
    "reviewkd hcl": lambda: hcl_loss(*pair("feat")),
    "cwd tau=4": lambda: cwd_loss(*pair("feat"), temperature=4.0),
    "pkd": lambda: pkd_loss(*pair("feat")),
}

APART: dict[tuple[str, str], Callable[[], Tensor]] = {
    ("at p=2", "torchdistill_paper"): lambda: attention_transfer_loss(*pair("feat"), form="paper"),
}
