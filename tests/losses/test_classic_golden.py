"""The losses give the numbers of public implementations (tests/golden/classic_losses.json)."""

from collections.abc import Callable

import pytest
from torch import Tensor
from torch.nn import functional as F

from golden.inputs import golden_input, table
from xmodal.losses import hint_loss, kd_loss, rkd_angle_loss, rkd_distance_loss

CLASSIC = table("classic_losses")["losses"]


def _pair(name: str) -> tuple[Tensor, Tensor]:
    return golden_input(f"{name}_s"), golden_input(f"{name}_t")


def _unit(name: str) -> tuple[Tensor, Tensor]:
    student, teacher = _pair(name)
    return F.normalize(student.flatten(1)), F.normalize(teacher.flatten(1))


COVERED: dict[str, Callable[[], Tensor]] = {
    "kd_T4 (T^2 * KL batchmean)": lambda: kd_loss(*_pair("logits"), temperature=4.0),
    "rkd_d w=25 (embeddings)": lambda: 25 * rkd_distance_loss(*_pair("emb")),
    "rkd_a w=50 (embeddings)": lambda: 50 * rkd_angle_loss(*_pair("emb")),
    "hint (mse)": lambda: hint_loss(*_pair("feat")),
}

# What an implementation computes instead, said in terms of ours.
APART: dict[tuple[str, str], Callable[[], Tensor]] = {
    ("kd_T4 (T^2 * KL batchmean)", "torchdistill_alpha_None_T2_missing"): lambda: kd_loss(*_pair("logits")) / 4**2,
    ("kd_T4 (T^2 * KL batchmean)", "modelopt_default_mean"): lambda: kd_loss(*_pair("logits")) / 10,
    ("rkd_d w=25 (embeddings)", "mmrazor_l2norm"): lambda: 25 * rkd_distance_loss(*_unit("emb")),
    ("rkd_a w=50 (embeddings)", "mmrazor_l2norm"): lambda: 50 * rkd_angle_loss(*_unit("emb")),
    # Each sample's whole map made a unit vector, then a sum over its 6 * 4 * 4 elements in place of the mean.
    ("hint (mse)", "mmrazor_L2_default_norm"): lambda: 96 * hint_loss(*_unit("feat")),
}

LATER = {
    "dkd a=1 b=8 T=4",
    "at p=2",
    "sp",
    "pkt",
    "cc",
    "nst",
    "fsp",
    "reviewkd hcl",
    "cwd tau=4",
    "pkd",
    "dist tau=1",
    "logit_std T=2 (T^2*KL)",
}


def test_every_classic_entry_is_covered_or_named_as_left_for_later() -> None:
    assert COVERED.keys() | LATER == CLASSIC.keys()
    assert not COVERED.keys() & LATER


@pytest.mark.parametrize("entry", COVERED)
def test_the_value_is_that_of_every_implementation_that_follows_the_source(entry: str) -> None:
    apart = {source for name, source in APART if name == entry}
    agreeing = CLASSIC[entry].keys() - apart
    assert agreeing
    value = COVERED[entry]().item()
    for source in agreeing:
        assert value == pytest.approx(CLASSIC[entry][source], rel=1e-5), source


@pytest.mark.parametrize(("entry", "source"), APART)
def test_known_deviations_are_explained(entry: str, source: str) -> None:
    assert APART[entry, source]().item() == pytest.approx(CLASSIC[entry][source], rel=1e-5)
