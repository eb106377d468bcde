"""The student's embeddings of a batch are arranged as the teacher's are, whatever the axes.

Centred kernel alignment of Kornblith et al.: Similarity of Neural Network Representations Revisited, ICML 2019,
arXiv 1905.00414, linear and biased; as in KevinZ0217/LEAP, arXiv 2606.19483. Evidence: exact (that code).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._items import counted_rows
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit

LEAST = 1e-12


def linear_cka(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """||Xc^T Yc||_F^2 / (||Xc^T Xc||_F ||Yc^T Yc||_F) of X = student, Y = teacher, columns centred: in [0, 1].

    1 when the embeddings are equal up to rotation, reflection, one scale and a move; 0 when all rows of one side are
    equal, and for fewer than two rows. High, too, for unrelated embeddings of fewer rows than columns:
    `unbiased_linear_cka` is not.

    Args:
        student: [B, Ds] embeddings; flatten tokens to rows.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows.

    Returns:
        A scalar; float32, or float64 for float64 inputs. Memory grows as D * D or B * B, whichever is less.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(counted_rows(student, mask), counted_rows(teacher, mask))
    with without_autocast(student):
        x, y = centred_unit(student), centred_unit(teacher)
        lengths: Tensor = torch.linalg.vector_norm(_product(x, x)) * torch.linalg.vector_norm(_product(y, y))
        return _shared(x, y) / lengths.clamp_min(LEAST)


def cka_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """1 - `linear_cka`, in [0, 1], which tells when it is 0 and what it takes; there is no value per sample.

    0 for fewer than two rows. An equal row for every sample costs 1 and gets no gradient.
    """
    similarity = linear_cka(student, teacher, mask=mask)
    return 1 - similarity if len(counted_rows(student, mask)) > 1 else 0 * similarity


def centred_unit(x: Tensor) -> Tensor:
    """[B, D] with column means 0 and length 1 in all; zero, and without gradient, if all rows are equal."""
    x = x - x[:1].detach()  # equal rows are then zeros, which no rounding of their mean moves
    return unit((x - x.sum(0) / max(len(x), 1)).flatten()).reshape(x.shape)


def _product(x: Tensor, y: Tensor) -> Tensor:
    """x^T x, or x x^T where that is smaller: both have the same length."""
    return x @ y.T if len(x) < x.shape[1] else x.T @ y


def _shared(x: Tensor, y: Tensor) -> Tensor:
    """||x^T y||_F^2, by way of the rows where there are few."""
    if len(x) < min(x.shape[1], y.shape[1]):
        return (x @ x.T * (y @ y.T)).sum()
    return (x.T @ y).square().sum()


class CKALoss(nn.Module):
    """`cka_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return cka_loss(student, teacher, mask=mask)
