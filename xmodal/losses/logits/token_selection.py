"""Which tokens are worth distilling: those where the student is unsure, or sure and wrong.

TIP, arXiv 2604.14084: a re-implementation from the description. Evidence: described.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses._checks import check_known, check_mask, check_range, check_same_shape
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._distributions import kl_divergence, normalised_entropy

Score = Literal["soft_or", "entropy"]
CLIPPED_FROM = 0.98  # the top 2 % of entropies count as one


def token_selection(
    student: Tensor, teacher: Tensor, *, rho: float = 0.5, score: Score = "soft_or", mask: Tensor | None = None
) -> Tensor:
    """The floor(rho m) best of the m tokens that count, as a mask for a loss; ties are broken arbitrarily.

    "soft_or" is h + d - h d: h the student's entropy, d = KL(student || teacher), each moved and scaled to [0, 1] over
    the tokens that count, the entropies clipped at their 98 % quantile first. "entropy" leaves d out. The
    interpolated quantile is ours, and so is 0 for a quantity that is the same for all tokens.

    The published loss is `reverse_kl_loss(student, teacher, mask=token_selection(student, teacher))`. Unchanged by a
    constant added to all logits of a token.

    Args:
        student: [B, C] or [B, N, C] logits; no gradient, as for the teacher.
        teacher: same shape.
        rho: in [0, 1]; the source has 0.5 and 0.2.
        score: by what the tokens are ranked.
        mask: [B] or [B, N] bool, True for the tokens to choose from; masking equals removing.

    Returns:
        [B] or [B, N] bool, True for what was chosen.

    Raises:
        ValueError: shapes or mask that do not fit, rho outside [0, 1], an unknown score.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_range("rho", rho, 0, 1)
    check_known("score", score, get_args(Score))
    chosen = _counted(mask, student)  # [B] or [B, N]
    student, teacher = lift_pair(student.detach()[chosen], teacher[chosen])  # [M, C]
    number = math.floor(rho * len(student) + 1e-9)  # 0.29 * 100 is 28.999999999999996
    if number == 0:
        return torch.zeros_like(chosen)
    best = torch.zeros(len(student), dtype=torch.bool, device=student.device)
    best[_scores(student, teacher, score).topk(number).indices] = True
    chosen[chosen.clone()] = best
    return chosen


def _counted(mask: Tensor | None, logits: Tensor) -> Tensor:
    """A new mask over every item."""
    items = logits.shape[:-1]
    if mask is None:
        return torch.ones(items, dtype=torch.bool, device=logits.device)
    return mask.reshape(mask.shape + (1,) * (len(items) - mask.ndim)).expand(items).clone()


def _scores(student: Tensor, teacher: Tensor, score: Score) -> Tensor:
    """[M, C] twice -> [M]."""
    log_p_student = F.log_softmax(student, dim=-1)
    unsure = normalised_entropy(log_p_student)
    unsure = _between_0_and_1(unsure.clamp_max(unsure.quantile(CLIPPED_FROM)))
    if score == "entropy":
        return unsure
    wrong = _between_0_and_1(kl_divergence(log_p_student, F.log_softmax(teacher, dim=-1)))
    return unsure + wrong - unsure * wrong


def _between_0_and_1(x: Tensor) -> Tensor:
    low, high = x.aminmax()
    return torch.where(high > low, (x - low) / torch.where(high > low, high - low, 1), 0)
