"""The student's class probabilities correlate with the teacher's, over the classes and over the batch.

Huang et al.: Knowledge Distillation from A Stronger Teacher (DIST), NeurIPS 2022. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_at_least_zero, check_mask, check_positive, check_same_shape
from xmodal.losses._items import counted_rows
from xmodal.losses._precision import lift_pair

EPS = 1e-8  # the source's, added to the product of the lengths


def dist_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    beta: float = 1.0,
    gamma: float = 1.0,
    temperature: float = 1.0,
    mask: Tensor | None = None,
) -> Tensor:
    """T^2 (beta mean_items[1 - r over classes] + gamma mean_classes[1 - r over items]), r Pearson's correlation.

    r compares softmax(student / T) with softmax(teacher / T). Zero (but for the source's 1e-8 in the denominator)
    when the student's probabilities are the teacher's, scaled and shifted. What does not vary correlates with
    nothing: it adds 1 and gets no gradient; so the second part needs a batch in which most classes vary. There is
    no value per item, since the second part has none.

    Args:
        student: [B, C] or [B, N, C] logits; all tokens of the batch are items alike.
        teacher: same shape; gets no gradient.
        beta: >= 0, weight of the correlation over classes ("inter-class").
        gamma: >= 0, weight of the correlation over items ("intra-class").
        temperature: T > 0; the source takes 1 on ImageNet, and 4 with a total weight of 2 on CIFAR-100.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, mask or numbers that do not fit.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    for name, weight in (("beta", beta), ("gamma", gamma)):
        check_at_least_zero(name, weight)
    check_positive("temperature", temperature)
    student, teacher = lift_pair(counted_rows(student, mask), counted_rows(teacher, mask))  # [M, C]
    if not len(student):
        return student.sum()
    p_student, p_teacher = F.softmax(student / temperature, dim=-1), F.softmax(teacher / temperature, dim=-1)
    inter = 1 - _pearson(p_student, p_teacher).mean()
    intra = 1 - _pearson(p_student.T, p_teacher.T).mean()
    return temperature**2 * (beta * inter + gamma * intra)


def _pearson(a: Tensor, b: Tensor) -> Tensor:
    """[M, K] and [M, K] -> [M]: the correlation of each row of a with that of b."""
    a, b = _centred(a), _centred(b)
    lengths: Tensor = torch.linalg.vector_norm(a, dim=-1) * torch.linalg.vector_norm(b, dim=-1)
    return (a * b).sum(-1) / (lengths + EPS)


def _centred(p: Tensor) -> Tensor:
    """Each row minus its mean; zeros without gradient for a row that is constant up to rounding.

    There the gradient of a correlation is rounding noise divided by 1e-8.
    """
    centred = p - p.mean(-1, keepdim=True)
    noise = 8 * torch.finfo(p.dtype).eps * p.amax(-1, keepdim=True)
    return torch.where(centred.detach().abs().amax(-1, keepdim=True) > noise, centred, 0)


class DISTLoss(nn.Module):
    """`dist_loss` with its hyperparameters stored."""

    def __init__(self, *, beta: float = 1.0, gamma: float = 1.0, temperature: float = 1.0) -> None:
        super().__init__()
        self.beta = beta
        self.gamma = gamma
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return dist_loss(student, teacher, beta=self.beta, gamma=self.gamma, temperature=self.temperature, mask=mask)
