"""The student's embedding of a sample finds the teacher's of that sample among those of many others.

Tian et al.: Contrastive Representation Distillation, ICLR 2020, arXiv 1910.10699; as in HobbitLong/RepDistiller.
Evidence: exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair, without_autocast

EPS = 1e-7


def crd_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    negatives: Tensor,
    num_samples: int,
    normaliser: float | Tensor,
    temperature: float = 0.07,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """-log(h / (h + c)) - sum over K negatives of log(c / (h_k + c)), with c = K / num_samples.

    h = exp(student . teacher / temperature) / normaliser, and h_k the same with a negative in the teacher's place:
    noise-contrastive estimation, one direction. The other one is the same function with student and teacher
    exchanged; `CRDLoss` adds both. Near zero when the own pair is far closer than all others. To every h + c the
    source adds 1e-7.

    Args:
        student: [B, D] embeddings, of length 1 in the source; they are what learns.
        teacher: same shape: the other model's embeddings of the same samples; gets no gradient.
        negatives: [B, K, D] the other model's embeddings of other samples; get no gradient.
        num_samples: > 0: N of the training set.
        normaliser: > 0 (not checked for a tensor): Z, in the source N times the mean of the exponentials of the first
            batch.
        temperature: > 0; the smaller, the more the closest negatives count.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, a number <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    _check_negatives(negatives, student)
    check_mask(mask, student.shape[:1])
    check_positive("num_samples", num_samples)
    check_positive("temperature", temperature)
    if not isinstance(normaliser, Tensor):
        check_positive("normaliser", normaliser)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    log_h = similarities(student, teacher, blank(negatives, mask)) / temperature  # [B, 1 + K]
    log_h = log_h - torch.as_tensor(normaliser, dtype=log_h.dtype, device=log_h.device).log()
    noise = negatives.shape[1] / num_samples
    log_noise = torch.full_like(log_h, math.log(noise + EPS))
    found = F.softplus(log_noise[:, 0] - log_h[:, 0])  # [B]
    refused = (torch.logaddexp(log_h, log_noise)[:, 1:] - math.log(noise)).sum(1)
    return reduce_items(found + refused, mask, reduction)


def _check_negatives(negatives: Tensor, student: Tensor) -> None:
    if negatives.ndim != 3 or negatives.shape[::2] != student.shape or not negatives.shape[1]:
        wanted = f"[{student.shape[0]}, K > 0, {student.shape[1]}]"
        raise ValueError(f"expected negatives {wanted}, found {list(negatives.shape)}")


def similarities(anchor: Tensor, own: Tensor, others: Tensor) -> Tensor:
    """[B, D], [B, D] and [B, K, D] -> [B, 1 + K] inner products; gradient only to the anchor."""
    with without_autocast(anchor):
        candidates = torch.cat([own.unsqueeze(1), others.detach().to(anchor.dtype)], dim=1)
        return (candidates @ anchor.unsqueeze(2)).squeeze(2)
