"""CLIP-RD and CLIP-KD: of equal widths each loss by itself, of other widths as the composed modules make it."""

import math
from collections.abc import Callable

from torch import Tensor

from golden.entry import Entry, Golden
from xmodal.losses import (
    CLIPKDTerms,
    CLIPRDTerms,
    clip_affinity_loss,
    clip_cross_kd_loss,
    clip_feature_loss,
    clip_gradient_loss,
    contrastive_loss,
    cross_relation_loss,
    interactive_contrastive_loss,
    vertical_relation_loss,
)

Four = dict[str, Tensor]
SCALES = ("image_logit_scale", "text_logit_scale", "cross_logit_scale", "fusion_logit_scale")


def _four(entry: Entry) -> Four:
    return {
        "student": entry.input("image_features_s"),
        "teacher": entry.input("image_features_t(then F.normalize dim1)", leaf="image_features_t").detach(),
        "student_text": entry.input("text_features_s"),
        "teacher_text": entry.input("text_features_t(then F.normalize dim1)", leaf="text_features_t").detach(),
    }


def _models_scales(entry: Entry) -> dict[str, float]:
    return {"student_scale": entry.given("logit_scale_s"), "teacher_scale": entry.given("logit_scale_t")}


def _learned_scale(entry: Entry, name: str) -> Tensor:
    """All start at the logarithm of 1 / 0.07 and multiply as they are."""
    return entry.leaf(name, math.log(1 / 0.07))


def _task(entry: Entry, four: Four) -> Tensor:
    """Both towers learn, so the loss whose second argument is a target is taken from either side, half the gradient."""
    temperature = 1 / entry.given("logit_scale_s")
    image, text = four["student"], four["student_text"]
    to_text = contrastive_loss(image, text, temperature=temperature)
    to_image = contrastive_loss(text, image, temperature=temperature)
    return to_text + to_image - to_text.detach()


def _affinity(entry: Entry, four: Four) -> Tensor:
    return clip_affinity_loss(**four, **_models_scales(entry))


def _interactive(entry: Entry, four: Four) -> Tensor:
    return interactive_contrastive_loss(**four, scale=_learned_scale(entry, "cross_logit_scale"))


def _feature(entry: Entry, four: Four) -> Tensor:
    images = clip_feature_loss(four["student"], four["teacher"])
    return images + clip_feature_loss(four["student_text"], four["teacher_text"])


def _cross_kd(entry: Entry, four: Four) -> Tensor:
    scale = _learned_scale(entry, "cross_logit_scale")
    return clip_cross_kd_loss(**four, teacher_scale=entry.given("logit_scale_t"), scale=scale)


def _gradient(entry: Entry, four: Four) -> Tensor:
    return clip_gradient_loss(**four, **_models_scales(entry), form="released")


def _infonce_gradient(entry: Entry, four: Four) -> Tensor:
    return clip_gradient_loss(**four, **_models_scales(entry), form="infonce")


def _vertical(entry: Entry, four: Four) -> Tensor:
    scales = {side: _learned_scale(entry, f"{side}_logit_scale") for side in ("image", "text")}
    return vertical_relation_loss(**four, image_scale=scales["image"], text_scale=scales["text"])


def _vertical_image(entry: Entry, four: Four) -> Tensor:
    scale = _learned_scale(entry, "image_logit_scale")
    return contrastive_loss(four["student"], four["teacher"], temperature=1 / scale)


def _vertical_text(entry: Entry, four: Four) -> Tensor:
    scale = _learned_scale(entry, "text_logit_scale")
    return contrastive_loss(four["student_text"], four["teacher_text"], temperature=1 / scale)


def _cross(entry: Entry, four: Four) -> Tensor:
    return cross_relation_loss(**four, scale=_learned_scale(entry, "cross_logit_scale"))


def _by_function(compute: Callable[[Entry, Four], Tensor]) -> Golden:
    return lambda entry: compute(entry, _four(entry))


def _by_module(kind: str, term: str) -> Golden:
    """The term as the composed module makes it, with its projections and learned scales."""

    def compute(entry: Entry) -> Tensor:
        four = _four(entry)
        widths = {"student_width": four["student"].shape[1], "teacher_width": four["teacher"].shape[1]}
        module = CLIPKDTerms(**widths, terms=(term,)) if kind == "clip_kd" else CLIPRDTerms(**widths)
        entry.fill(module.fusion if term == "afd" else module)  # type: ignore[arg-type]
        for part in module.to(entry.dtype).modules():
            for name in SCALES:
                if hasattr(part, name):
                    delattr(part, name)
                    setattr(part, name, _learned_scale(entry, name))
        terms: dict[str, Tensor] = module(**four, **_models_scales(entry))
        return terms[term]

    return compute


SHARED = {"task": _task, "ICL": _interactive, "FD": _feature}
CLIP_RD = {
    **SHARED,
    "HRD": _affinity,
    "VRD_kl": _vertical,
    "VRD_ce_img": _vertical_image,
    "VRD_ce_txt": _vertical_text,
    "XRD": _cross,
}
CLIP_KD = {**SHARED, "CRD": _affinity, "cross_kd": _cross_kd, "GD": _gradient, "GD_with_tau=1/scale": _infonce_gradient}
TERMS_RD = {"VRD_kl": "vrd", "VRD_ce_img": "vrd_image", "VRD_ce_txt": "vrd_text"}

CASES: dict[tuple[str, str], Golden] = {
    **{("clip_rd/equal_dims", name): _by_function(compute) for name, compute in CLIP_RD.items()},
    **{("clip_kd/equal_dims", name): _by_function(compute) for name, compute in CLIP_KD.items()},
    ("clip_kd/equal_dims", "AFD"): _by_module("clip_kd", "afd"),
    **{("clip_rd/projected", name): _by_module("clip_rd", TERMS_RD.get(name, name.lower())) for name in CLIP_RD},
    **{
        ("clip_kd/projected", name): _by_module("clip_kd", name.lower())
        for name in ("task", "CRD", "ICL", "FD", "GD", "cross_kd")
    },
}
