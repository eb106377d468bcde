"""All losses in one table, which the tests of `test_every_loss.py` run through. A new loss adds one line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from xmodal import losses

from . import slow


@dataclass(frozen=True)
class Case:
    """One loss on one layout.

    Attributes:
        shape: of student and teacher.
        slow: the same loss in numpy: the items [B] or [B, N], or one number for a loss without items.
        mask_shapes: what the loss accepts.
        teacher_width: D of the teacher where it may differ from the student's.
        options: hyperparameters, other than the defaults.
    """

    loss: Callable[..., Tensor]
    module: type[nn.Module]
    shape: tuple[int, ...]
    slow: Callable[..., Any]
    mask_shapes: tuple[tuple[int, ...], ...]
    teacher_width: int = 0
    options: dict[str, float] = field(default_factory=dict)

    @property
    def has_items(self) -> bool:
        """Whether the loss knows a value per sample or token."""
        return self.module not in (losses.RKDDistanceLoss, losses.RKDAngleLoss)

    @property
    def zero_at_identity(self) -> bool:
        return self.module not in (losses.SoftLabelLoss, losses.ContrastiveLoss)

    def __call__(self, student: Tensor, teacher: Tensor, **more: Any) -> Tensor:
        return self.loss(student, teacher, **self.options, **more)

    def inputs(self, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        """Random student and teacher; the student is half way to the teacher, as in training."""
        make = torch.Generator().manual_seed(7)
        teacher = torch.randn(self.shape, generator=make, dtype=torch.float64)
        student = 0.5 * teacher + torch.randn(self.shape, generator=make, dtype=torch.float64)
        if self.teacher_width:
            teacher = torch.cat([teacher, teacher.flip(-1)], dim=-1)[..., : self.teacher_width]
        return student.to(dtype), teacher.to(dtype)


B, N, D = 6, 3, 5
ROWS, TOKENS = ((B,),), ((B,), (B, N))

CASES = {
    "kd": Case(losses.kd_loss, losses.KDLoss, (B, D), slow.per_item(slow.kd, 1), ROWS, options={"temperature": 2.5}),
    "kd-tokens": Case(
        losses.kd_loss, losses.KDLoss, (B, N, D), slow.per_item(slow.kd, 1), TOKENS, options={"temperature": 2.5}
    ),
    "soft-label": Case(
        losses.soft_label_loss,
        losses.SoftLabelLoss,
        (B, D),
        slow.per_item(slow.soft_label, 1),
        ROWS,
        options={"temperature": 3.0},
    ),
    "soft-label-tokens": Case(
        losses.soft_label_loss,
        losses.SoftLabelLoss,
        (B, N, D),
        slow.per_item(slow.soft_label, 1),
        TOKENS,
        options={"temperature": 3.0},
    ),
    "hint": Case(losses.hint_loss, losses.HintLoss, (B, D), slow.per_item(slow.hint, 1), ROWS),
    "hint-tokens": Case(losses.hint_loss, losses.HintLoss, (B, N, D), slow.per_item(slow.hint, 1), TOKENS),
    "hint-map": Case(losses.hint_loss, losses.HintLoss, (B, N, 2, D), slow.per_item(slow.hint, 1), TOKENS),
    "cosine": Case(losses.cosine_loss, losses.CosineLoss, (B, D), slow.per_item(slow.cosine, 1), ROWS),
    "cosine-tokens": Case(losses.cosine_loss, losses.CosineLoss, (B, N, D), slow.per_item(slow.cosine, 1), TOKENS),
    "value": Case(losses.value_loss, losses.ValueLoss, (B,), slow.per_item(slow.value, 0), ROWS, options={"beta": 0.3}),
    "value-tokens": Case(
        losses.value_loss, losses.ValueLoss, (B, N), slow.per_item(slow.value, 0), TOKENS, options={"beta": 0.3}
    ),
    "rkd-distance": Case(losses.rkd_distance_loss, losses.RKDDistanceLoss, (B, D), slow.rkd_distance, ROWS, D + 3),
    "rkd-angle": Case(losses.rkd_angle_loss, losses.RKDAngleLoss, (B, D), slow.rkd_angle, ROWS, D + 3),
    "contrastive": Case(
        losses.contrastive_loss,
        losses.ContrastiveLoss,
        (B, D),
        slow.contrastive,
        ROWS,
        options={"temperature": 0.2},
    ),
}


def _those(keep: Callable[[Case], bool]) -> pytest.MarkDecorator:
    kept = {name: case for name, case in CASES.items() if keep(case)}
    return pytest.mark.parametrize("case", kept.values(), ids=kept.keys())


every_loss = _those(lambda case: True)
every_loss_with_items = _those(lambda case: case.has_items)
every_loss_but_cross_entropies = _those(lambda case: case.zero_at_identity)
