"""Losses between class distributions: GKL and IKL, OFA and SPOFA, DIST, and the losses of PET-free amyloid."""

from functools import partial
from typing import Any

from torch import Tensor

from golden.entry import Entry, Golden
from xmodal.losses import (
    binary_kd_loss,
    dist_loss,
    gkl_loss,
    hint_loss,
    ikl_loss,
    margin_focal_loss,
    ofa_loss,
    triplet_loss,
)
from xmodal.losses._vectors import unit

PRIOR = "prior_logits(then softmax dim1 -> C x C prior)"
PET = "pet_mri/losses"
EPOCHS = (0, 7, 25)


def _logits(entry: Entry) -> tuple[Tensor, Tensor]:
    return entry.input("logits_s"), entry.input("logits_t")


def _with_prior(loss: Any, entry: Entry, **options: Any) -> Tensor:
    prior = entry.input(PRIOR).detach().softmax(dim=1)
    result: Tensor = loss(*_logits(entry), entry.targets(), prior=prior, **options)
    return result


def _without_prior(loss: Any, entry: Entry, **options: Any) -> Tensor:
    result: Tensor = loss(*_logits(entry), **options)
    return result


def _ofa(entry: Entry, eps: float, temperature: float) -> Tensor:
    return ofa_loss(*_logits(entry), entry.targets(), eps=eps, temperature=temperature)


def _dist(entry: Entry, **options: float) -> Tensor:
    return dist_loss(*_logits(entry), **options)


def _temperature(epoch: int) -> float:
    return 2.5 if epoch < 5 else max(2.5 - 0.1 * (epoch - 5), 1.0)


def _margin(epoch: int) -> float:
    return 0.3 if epoch < 5 else min(0.3 + 0.06 * (epoch - 5), 1.2)


def _weights(epoch: int) -> tuple[float, float, float]:
    """Of the class, feature and logit loss."""
    start = min(epoch / 10, 1.0)
    return 0.3 + 0.1 * start, 0.5 - 0.1 * start, 0.2


def _pet_logit(entry: Entry, epoch: int) -> Tensor:
    student, teacher = entry.input("student_logits"), entry.input("teacher_logits")
    return binary_kd_loss(student, teacher, temperature=_temperature(epoch))


def _pet_class(entry: Entry, margin: float, separation_weight: float, pos_weight: float = 1.0) -> Tensor:
    labels = entry.targets("labels").long()
    return margin_focal_loss(
        entry.input("student_logits"),
        labels,
        margin=margin,
        separation_weight=separation_weight,
        pos_weight=pos_weight,
    )


def _pet_class_at(entry: Entry, epoch: int) -> Tensor:
    return _pet_class(entry, _margin(epoch), 0.1 if epoch < 10 else 0.3)


def _pet_feature(entry: Entry) -> Tensor:
    return hint_loss(unit(entry.input("student_emb")), unit(entry.input("teacher_emb")))


def _pet_total(entry: Entry, epoch: int) -> Tensor:
    student = entry.input("student_logits")
    of_class, of_feature, of_logit = _weights(epoch)
    labels = entry.targets("labels").long()
    separation = 0.1 if epoch < 10 else 0.3
    return (
        of_class * margin_focal_loss(student, labels, margin=_margin(epoch), separation_weight=separation)
        + of_feature * _pet_feature(entry)
        + of_logit * binary_kd_loss(student, entry.input("teacher_logits"), temperature=_temperature(epoch))
    )


def _pet_triplet(entry: Entry) -> Tensor:
    names = ("student_emb", "teacher_emb", "negative_emb")
    student, teacher, negative = (entry.input(name) for name in names)
    return triplet_loss(student, teacher, negative=negative, margin=1.0)


GKL = {
    "res32x4_cifar": partial(_with_prior, gkl_loss, alpha=1.0, beta=16.0, gamma=0.05, temperature=4.0),
    "r34_r18_imagenet": partial(_with_prior, gkl_loss, alpha=1.0, beta=0.5, gamma=0.6, temperature=1.0),
    "wrn_shuv1": partial(_without_prior, gkl_loss, alpha=1.0, beta=8.0, gamma=0.0, temperature=4.0),
    # The file does not name the options of these two; they were found by trying the values in use.
    "sample_weights_g1": partial(
        _without_prior, gkl_loss, alpha=1.0, beta=8.0, gamma=1.0, temperature=2.0, weight_temperature=4.0
    ),
    "mse_only": partial(_with_prior, gkl_loss, alpha=0.0, beta=1.0, gamma=0.5),
}
BOTH_TRAIN = {"alpha": 4.0, "beta": 20.0, "teacher_gradient": "pairs"}
ADVERSARIAL = {
    "a4_b20_g.4": partial(_with_prior, gkl_loss, gamma=0.4, temperature=1.0, **BOTH_TRAIN),
    "a4_b20_g1": partial(_with_prior, gkl_loss, gamma=1.0, temperature=1.0, **BOTH_TRAIN),
    "T4_a4_b20_g1": partial(_with_prior, gkl_loss, gamma=1.0, temperature=4.0, **BOTH_TRAIN),
}
IKL = {
    "GI_T4_a1_b8": partial(_with_prior, ikl_loss, alpha=1.0, beta=8.0, temperature=4.0),
    "noGI_T4_a1_b8_T2_100": partial(
        _without_prior, ikl_loss, alpha=1.0, beta=8.0, temperature=4.0, weight_temperature=100.0
    ),
}
PET_CLASS = {
    "focal_margin1_no_contrastive": partial(_pet_class, margin=1.0, separation_weight=0.0),
    "focal_pos_weight2": partial(_pet_class, margin=0.3, separation_weight=0.0, pos_weight=2.0),
}

CASES: dict[tuple[str, str], Golden] = {
    **{("gkl/kd_v2", name): case for name, case in GKL.items()},
    **{("gkl/adversarial_v2", name): case for name, case in ADVERSARIAL.items()},
    **{("ikl/kd_v1", name): case for name, case in IKL.items()},
    ("ikl/adversarial_v1", "a4_b20"): partial(_with_prior, ikl_loss, temperature=1.0, **BOTH_TRAIN),
    **{
        ("ofa/loss", f"eps{eps}_T{temperature}"): partial(_ofa, eps=eps, temperature=temperature)
        for eps in (1.0, 1.1, 1.5)
        for temperature in (1.0, 2.0)
    },
    ("ofa/loss", "spofa_eps1.5_T1"): partial(_ofa, eps=1.5, temperature=1.0),
    ("dist", "b1_g1_tau1"): partial(_dist, beta=1.0, gamma=1.0, temperature=1.0),
    ("dist", "b1_g1_tau4"): partial(_dist, beta=1.0, gamma=1.0, temperature=4.0),
    ("dist", "b2_g.5_tau2"): partial(_dist, beta=2.0, gamma=0.5, temperature=2.0),
    **{(PET, f"ep{epoch}_T"): partial(lambda entry, epoch: _temperature(epoch), epoch=epoch) for epoch in EPOCHS},
    **{(PET, f"ep{epoch}_margin"): partial(lambda entry, epoch: _margin(epoch), epoch=epoch) for epoch in EPOCHS},
    **{(PET, f"ep{epoch}_logit"): partial(_pet_logit, epoch=epoch) for epoch in EPOCHS},
    **{(PET, f"ep{epoch}_class"): partial(_pet_class_at, epoch=epoch) for epoch in EPOCHS},
    **{(PET, f"ep{epoch}_total"): partial(_pet_total, epoch=epoch) for epoch in EPOCHS},
    **{(PET, name): case for name, case in PET_CLASS.items()},
    (PET, "feature"): _pet_feature,
    (PET, "triplet_margin1"): _pet_triplet,
}
