"""Authors' values of the losses between token distributions: BiLD, TRL's generalized JSD, LRC's logit terms."""

from __future__ import annotations

import torch
from torch import Tensor

from golden.entry import Entry, Golden
from xmodal.losses import bild_loss, generalized_jsd_loss, kd_loss
from xmodal.losses.logits.bild import Lead
from xmodal.modalities.text import next_token_loss
from xmodal.modalities.text.base import Ids

JSD_VALID = torch.tensor([[False, False, True, True, True], [False, True, True, True, True]])


def _logits(given: Entry, student: str = "logits_s (B,L,V)", teacher: str = "logits_t") -> tuple[Tensor, Tensor]:
    return given.input(student), given.input(teacher)


def _response(logits: Tensor) -> Tensor:
    """[B, N]: all but the first two tokens, which are the instruction."""
    return (torch.arange(logits.shape[1]) > 1).expand(logits.shape[:2])


def _bild(lead: Lead) -> Golden:
    def value(given: Entry) -> Tensor:
        student, teacher = _logits(given)
        k, temperature = given.given("top_k"), given.given("temperature")
        return bild_loss(student, teacher, top_k=k, temperature=temperature, lead=lead, mask=_response(student))

    return value


def _bild_per_token(given: Entry) -> Tensor:
    return bild_loss(*_logits(given), top_k=8, temperature=3.0, lead="teacher", reduction="none").flatten()


def _instruction_kl(given: Entry) -> Tensor:
    student, teacher = _logits(given)
    return kd_loss(student, teacher, temperature=1.0, mask=~_response(student))


def _jsd(beta: float, temperature: float) -> Golden:
    return lambda given: generalized_jsd_loss(*_logits(given), beta=beta, temperature=temperature, mask=JSD_VALID)


def _jsd_per_sample(beta: float) -> Golden:
    """Without labels the tokens of a sample are summed."""

    def value(given: Entry) -> Tensor:
        return generalized_jsd_loss(*_logits(given), beta=beta, temperature=1.0, reduction="none").sum(1).mean()

    return value


def _lrc_kl(temperature: float) -> Golden:
    """The tokens of a sample are summed here too; no T^2."""

    def value(given: Entry) -> Tensor:
        student, teacher = _logits(given, "target_logits (student)", "raw logits (teacher)")
        return kd_loss(student, teacher, temperature=temperature, reduction="none").sum(1).mean() / temperature**2

    return value


def _lrc_kl_40(given: Entry) -> Tensor:
    """In double precision throughout: so close to uniform, float32 is 3e-5 off, theirs (`value_float32`) like ours."""
    student, teacher = _logits(given, "target_logits (student)", "raw logits (teacher)")
    return kd_loss(student.double(), teacher.double(), temperature=40.0, reduction="none").sum(1).mean() / 40**2


def _lrc_next_token(given: Entry) -> Tensor:
    labels = given.targets("labels")
    student = given.leaves.get("target_logits (student)")
    student = given.input("target_logits (student)") if student is None else student
    return next_token_loss(student, Ids(labels, torch.ones_like(labels, dtype=torch.bool))).mean()


def _lrc_both(given: Entry) -> Tensor:
    return _lrc_kl(40.0)(given) + _lrc_next_token(given)


CASES: dict[tuple[str, str], Golden] = {
    ("bild", "tLD"): _bild("teacher"),
    ("bild", "sLD"): _bild("student"),
    ("bild", "BiLD"): _bild("both"),
    ("bild", "tLD_per_token"): _bild_per_token,
    ("bild", "vanilla_kl_T1_instruction_tokens"): _instruction_kl,
    ("lrc/logit_kl_and_ntp", "kl_T10.0"): _lrc_kl(10.0),
    ("lrc/logit_kl_and_ntp", "kl_T40.0"): _lrc_kl_40,
    ("lrc/logit_kl_and_ntp", "ntp"): _lrc_next_token,
    ("lrc/logit_kl_and_ntp", "ntp+kl_T40"): _lrc_both,
}
for _beta in (0, 0.1, 0.5, 0.9, 1):
    for _temperature in (1.0, 0.9, 2.0):
        CASES["trl/generalized_jsd", f"beta{_beta}_T{_temperature}"] = _jsd(_beta, _temperature)
for _beta in (0, 0.5, 1):
    CASES["trl/generalized_jsd", f"nolabels_beta{_beta}"] = _jsd_per_sample(_beta)
