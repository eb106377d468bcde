"""Values of the systems that compare features, tokens and embeddings: see `test_methods.py`."""

import torch
from torch import Tensor
from torch.nn import functional as F

from golden.entry import Entry, Golden
from xmodal.losses import (
    DiffKDLogitsLoss,
    DiffKDLoss,
    DiffKDTerms,
    DiffusionDraws,
    Matryoshka,
    codebook_diversity,
    cosine_loss,
    cosine_smooth_l1_loss,
    doubling_widths,
    hard_negative_loss,
    hint_loss,
    info_nce_loss,
    scalr_loss,
    theia_loss,
    truncated_hint_loss,
    value_loss,
)


def _unic_pair(e: Entry, teacher: str, part: str) -> tuple[Tensor, Tensor]:
    return e.input(f"s_{teacher}_{part}"), e.input(f"t_{teacher}_{part}")


def _unic_items(e: Entry) -> Tensor:
    """[3, B]: per teacher and image, half for the class token and half for the mean over patches."""
    rows = []
    for teacher in ("dino", "deit3", "ibot"):
        class_token = cosine_smooth_l1_loss(*_unic_pair(e, teacher, "cls"), reduction="none")
        patches = cosine_smooth_l1_loss(*_unic_pair(e, teacher, "patch"), reduction="none").mean(1)
        rows.append((class_token + patches) / 2)
    return torch.stack(rows)


UNIC: dict[tuple[str, str], Golden] = {
    ("unic/loss", "per_teacher_per_image(dino,deit3,ibot)"): _unic_items,
    ("unic/loss", "cos_only_dino_cls_mean"): lambda e: cosine_loss(*_unic_pair(e, "dino", "cls")),
    ("unic/loss", "sl1_only_dino_cls_mean"): lambda e: value_loss(*_unic_pair(e, "dino", "cls")),
    ("unic/loss", "sl1_only_dino_patch_mean"): lambda e: value_loss(*_unic_pair(e, "dino", "patch")),
}


def _theia(loss: Golden) -> Golden:
    """The mean over the two teachers of a loss of student and teacher."""
    return lambda e: (
        sum(loss(e.input(f"pred_{teacher}"), e.input(f"target_{teacher}")) for teacher in ("clip", "dinov2")) / 2
    )


THEIA: dict[tuple[str, str], Golden] = {
    ("theia/loss", "cos"): _theia(lambda s, t: theia_loss(s, t, cosine_weight=1.0, smooth_l1_weight=0.0)),
    ("theia/loss", "l1"): _theia(lambda s, t: theia_loss(s, t, cosine_weight=0.0, smooth_l1_weight=1.0)),
    ("theia/loss", "mse"): _theia(hint_loss),
    ("theia/loss", "main"): _theia(theia_loss),
}


def _scalr_pairs(e: Entry) -> tuple[Tensor, Tensor]:
    """[M, D] features of the paired points and pixels."""
    points, images = e.input("feat_point (B,C,N)"), e.input("feat_im (B,H,W,C)")
    ours, theirs = [], []
    for b, (paired_points, paired_pixels) in enumerate(
        zip(e.given("pairing_points"), e.given("pairing_images"), strict=True)
    ):
        _, rows, columns = zip(*paired_pixels, strict=True)
        ours.append(points[b, :, paired_points].T)
        theirs.append(images[b, list(rows), list(columns)])
    return torch.cat(ours), torch.cat(theirs)


SCALR: dict[tuple[str, str], Golden] = {
    ("scalr", "loss"): lambda e: scalr_loss(*_scalr_pairs(e)),
    ("scalr", "n_pairs"): lambda e: len(_scalr_pairs(e)[0]),
}


def _mrl(prefix: str, weights: tuple[float, ...]) -> Golden:
    """A classifier for each prefix, or (mrl_e) the first columns of one classifier for all."""

    def value(e: Entry) -> Tensor:
        heads = e.parameters(f"params:{prefix}.")
        widths = e.given("nesting")

        def classify(z: Tensor) -> Tensor:
            own = widths.index(z.shape[1]) if prefix == "mrl" else 0
            name = f"{prefix}.nesting_classifier_{own}"
            return F.cross_entropy(
                F.linear(z, heads[f"{name}.weight"][:, : z.shape[1]], heads[f"{name}.bias"]), e.targets()
            )

        loss: Tensor = Matryoshka(classify, widths=widths, weights=weights)(e.input("features"))
        return loss

    return value


MRL: dict[tuple[str, str], Golden] = {
    ("mrl", "mrl"): _mrl("mrl", (1, 1, 1)),
    ("mrl", "mrl_e"): _mrl("mrl_e", (1, 1, 1)),
    ("mrl", "mrl_weighted_1_over_k"): _mrl("mrl", (1, 1 / 2, 1 / 3)),
}


def _in_batch(query: Tensor, passage: Tensor) -> Tensor:
    return info_nce_loss(query, passage, trained="both")


def _hard(query: Tensor, passage: Tensor, negatives: Tensor) -> Tensor:
    return hard_negative_loss(query, passage, negatives=negatives, trained="both")


def _f2llm(e: Entry) -> tuple[Tensor, Tensor, Tensor]:
    return e.input("query (B,d)"), e.input("passage (B,d)"), e.input("negatives (B,m,d)")


def _nested(loss: Golden) -> Matryoshka:
    return Matryoshka(loss, widths=doubling_widths(24), weights="f2llm")


def _f2llm_kd(e: Entry) -> Tensor:
    query, passage, negatives = _f2llm(e)
    teachers = [e.input(name) for name in ("t_query", "t_passage", "t_neg")]
    terms = [truncated_hint_loss(s, t) for s, t in zip((query, passage, negatives), teachers, strict=True)]
    return terms[0] + terms[1] + terms[2]


def _f2llm_total(e: Entry) -> Tensor:
    kd = _f2llm_kd(e)
    query, passage, negatives = (e.leaves[name] for name in ("query (B,d)", "passage (B,d)", "negatives (B,m,d)"))
    return _nested(_in_batch)(query, passage) + _nested(_hard)(query, passage, negatives) + kd


F2LLM: dict[tuple[str, str], Golden] = {
    ("f2llm_v2", "inbatch"): lambda e: _in_batch(*_f2llm(e)[:2]),
    ("f2llm_v2", "hard"): lambda e: _hard(*_f2llm(e)),
    ("f2llm_v2", "inbatch_mrl"): lambda e: _nested(_in_batch)(*_f2llm(e)[:2]),
    ("f2llm_v2", "hard_mrl"): lambda e: _nested(_hard)(*_f2llm(e)),
    ("f2llm_v2", "kd"): _f2llm_kd,
    ("f2llm_v2", "total_mrl"): _f2llm_total,
}


def _hear_distillation(e: Entry) -> Tensor:
    valid = torch.arange(5) < torch.tensor(e.given("lengths")).unsqueeze(1)
    return cosine_loss(e.input("knowledge_prediction (B,T,D)"), e.input("knowledge_target"), mask=valid)


def _hear_diversity(e: Entry) -> Tensor:
    valid = torch.arange(5) < torch.tensor(e.given("lengths")).unsqueeze(1)
    return codebook_diversity(e.input("code_logits (B,T,K)"), mask=valid)


def _hear_reconstruction(e: Entry) -> Tensor:
    return hint_loss(e.input("mel_pred (n,M)"), e.input("mel (n,M)"))


HEAR: dict[tuple[str, str], Golden] = {
    ("hear/tokenizer_losses", "distill_x0p7"): lambda e: 0.7 * _hear_distillation(e),
    ("hear/tokenizer_losses", "diversity"): _hear_diversity,
    ("hear/tokenizer_losses", "diversity_x0p1"): lambda e: 0.1 * _hear_diversity(e),
    ("hear/tokenizer_losses", "reconstruction_x0p3"): lambda e: 0.3 * _hear_reconstruction(e),
    ("hear/tokenizer_losses", "total"): lambda e: (
        0.7 * _hear_distillation(e) + 0.1 * _hear_diversity(e) + 0.3 * _hear_reconstruction(e)
    ),
}


OUR_NAMES = {
    "ae.encoder": "autoencoder.encoder",
    "ae.decoder.0": "autoencoder.decoder",
    "trans": "into_latent",
    "model.time_embedding": "denoiser.level",
    "model.pred": "denoiser.body",
    "noise_adapter.feat": "noise_adapter.body",
    "noise_adapter.pred": "noise_adapter.share",
    "proj": "out_of_diffusion",
}


def _diffkd_module(e: Entry) -> DiffKDLoss | DiffKDLogitsLoss:
    made: DiffKDLoss | DiffKDLogitsLoss = (
        DiffKDLoss(8, 16) if e.name == "diffkd/feature_k3_ae" else DiffKDLogitsLoss(10)
    )
    state = {}
    for name, value in e.parameters().items():
        (theirs,) = (prefix for prefix in OUR_NAMES if name.startswith(f"{prefix}."))
        state[f"refiner.{OUR_NAMES[theirs]}{name.removeprefix(theirs)}"] = value
    # The source makes room for 1280 levels of noise and uses 1000.
    state["refiner.denoiser.level.weight"] = state["refiner.denoiser.level.weight"][:1000]
    assert state.keys() == dict(made.named_parameters()).keys()
    made.to(e.dtype).load_state_dict({**made.state_dict(), **state})
    return made


def _diffkd(e: Entry) -> DiffKDTerms:
    draws = DiffusionDraws(
        e.input("noise1 (student noise adapter)").detach(),
        e.input("noise2 (ddim_loss)").detach(),
        e.targets("ddim_loss timesteps"),
    )
    student, teacher = e.input("student"), e.input("teacher")
    if e.name == "diffkd/logit_k1":
        student, teacher = student.flatten(1), teacher.flatten(1)
    return _diffkd_module(e).terms(student, teacher, draws=draws)


def _noise_share(e: Entry) -> Tensor:
    refiner = _diffkd_module(e).refiner
    return refiner.noise_adapter(refiner.into_latent(e.input("student")))


DIFFKD: dict[tuple[str, str], Golden] = {
    (entry, name): value
    for entry in ("diffkd/feature_k3_ae", "diffkd/logit_k1")
    for name, value in {
        "kd": lambda e: _diffkd(e).distance,
        "ddim_loss": lambda e: _diffkd(e).diffusion,
        "rec_loss": lambda e: _diffkd(e).reconstruction,
        "total": lambda e: _diffkd(e).total,
        "refined_norm": lambda e: _diffkd(e).student.norm(),
        "target_norm": lambda e: _diffkd(e).teacher.norm(),
        "refined_first3": lambda e: _diffkd(e).student.flatten()[:3],
        "noise_adapter_gamma_2nd_call(BN running only)": _noise_share,
    }.items()
    if (entry, name) != ("diffkd/logit_k1", "rec_loss")  # no autoencoder there
}

CASES = UNIC | THEIA | SCALR | MRL | F2LLM | HEAR | DIFFKD
