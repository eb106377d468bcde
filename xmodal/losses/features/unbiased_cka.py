"""The student's embeddings of a small batch are arranged as the teacher's are: CKA that unrelated batches give 0.

Unbiased estimate HSIC_1 of Song et al.: Feature Selection via Dependence Maximization, JMLR 2012, in the CKA of Nguyen
et al.: Do Wide and Deep Networks Learn the Same Things?, ICLR 2021, arXiv 2010.15327. Evidence: recalled.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_batch
from xmodal.losses._items import counted_rows
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses._vectors import unit
from xmodal.losses.features.cka import centred_unit

FEWEST = 4


def unbiased_linear_cka(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)) of K = student student^T, L = teacher teacher^T: in [-1, 1].

    1 when the embeddings are equal up to rotation, reflection, one scale and a move; about 0 for unrelated ones,
    however few. 0 for fewer than four rows, for which the estimate does not exist.

    Args:
        student: [B, Ds] embeddings; flatten tokens to rows.
        teacher: [B, Dt] embeddings; the widths may differ; gets no gradient.
        mask: [B] bool, True for what counts; masking equals removing the rows.

    Returns:
        A scalar; float32, or float64 for float64 inputs. Memory grows as B * B.

    Raises:
        ValueError: shapes or mask that do not fit.
    """
    check_same_batch(student, teacher)
    check_mask(mask, student.shape[:1])
    student, teacher = lift_pair(counted_rows(student, mask), counted_rows(teacher, mask))
    if len(student) < FEWEST:
        return 0 * student.sum()
    with without_autocast(student):
        # HSIC_1 is the inner product of U-centred matrices over B (B - 3), so that this ratio is a cosine.
        ours, theirs = _u_centred(student), _u_centred(teacher)
    return (unit(ours.flatten()) * unit(theirs.flatten())).sum()


def unbiased_cka_loss(student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """1 - `unbiased_linear_cka`, in [0, 2], which tells when it is 0 and what it takes; there is no value per sample.

    0 for fewer than four rows. An equal row for every sample costs 1 and gets no gradient.
    """
    similarity = unbiased_linear_cka(student, teacher, mask=mask)
    return 1 - similarity if len(counted_rows(student, mask)) >= FEWEST else similarity


def _u_centred(x: Tensor) -> Tensor:
    """[B, D] -> [B, B] products of different rows, less their means over the others; zero on the diagonal."""
    n = len(x)
    other = ~torch.eye(n, dtype=torch.bool, device=x.device)
    x = centred_unit(x)
    products = torch.where(other, x @ x.T, 0)
    rows = products.sum(1) / (n - 2)  # [B]
    total = products.sum() / ((n - 1) * (n - 2))
    return torch.where(other, products - rows.unsqueeze(0) - rows.unsqueeze(1) + total, 0)


class UnbiasedCKALoss(nn.Module):
    """`unbiased_cka_loss` as a module; it has no hyperparameters."""

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return unbiased_cka_loss(student, teacher, mask=mask)
