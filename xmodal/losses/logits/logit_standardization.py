"""Both sides' logits are z-scored before any logit loss: the student learns their shape, not shift and scale.

Sun et al.: Logit Standardization in Knowledge Distillation, CVPR 2024. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import blank

EPS = 1e-7  # the source's, added to the standard deviation


def standardize_logits(logits: Tensor) -> Tensor:
    """(z - mean) / (1e-7 + std) over the classes, std with C - 1 in the denominator.

    Unchanged when a constant is added to the logits of an item or they are scaled by a positive one (but for the
    1e-7). Equal logits give zeros without gradient, where the quotient's would be 1e7.

    Args:
        logits: [..., C], C >= 2.

    Returns:
        The same shape; float32, or float64 for float64 input. The gradient flows.

    Raises:
        ValueError: fewer than two classes.
    """
    if logits.ndim < 1 or logits.shape[-1] < 2:
        raise ValueError(f"expected logits [..., C] with C >= 2, found {list(logits.shape)}")
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    spread, mean = torch.std_mean(logits, dim=-1, keepdim=True)
    return torch.where(spread > EPS, (logits - mean) / (EPS + spread), 0)


class LogitStandardization(nn.Module):
    """`loss` of the z-scored logits of student and teacher.

    With `KDLoss(temperature=2)`, weight 9 and 0.1 on the labels' cross-entropy it is the source's setting for most
    pairs of networks; it also wraps `DKDLoss`. Its MLLD standardises the instance level only.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(
        self, student: Tensor, teacher: Tensor, labels: Tensor | None = None, *, mask: Tensor | None = None
    ) -> Tensor:
        """As the wrapped loss, with labels if it takes some; logits [B, C] or [B, N, C]."""
        check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
        check_mask(mask, student.shape[:-1])
        # A NaN in a masked item would come back through the division although the loss drops its value.
        student, teacher = standardize_logits(blank(student, mask)), standardize_logits(blank(teacher, mask).detach())
        given = (student, teacher) if labels is None else (student, teacher, labels)
        result: Tensor = self.loss(*given, mask=mask)
        return result
