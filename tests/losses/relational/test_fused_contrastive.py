"""The contrastive loss of fused embeddings (AFD): its parameters, precision, masks and memory bound."""

import math

import pytest
import torch
from torch import Tensor

from xmodal.losses import FusedContrastiveLoss


def _four(teacher_width: int = 5) -> dict[str, Tensor]:
    widths = {"student": 5, "teacher": teacher_width, "student_text": 5, "teacher_text": teacher_width}
    return {name: torch.randn(6, width, dtype=torch.float64) for name, width in widths.items()}


@pytest.mark.parametrize("teacher_width", [5, 8])
def test_maps_scale_and_student_learn_and_the_teacher_does_not(teacher_width: int) -> None:
    loss = FusedContrastiveLoss(student_width=5, teacher_width=teacher_width)
    four = {name: x.requires_grad_() for name, x in _four(teacher_width).items()}
    loss(**four).backward()
    assert {name for name, x in four.items() if x.grad is not None} == {"student", "student_text"}
    assert all(p.grad is not None and p.grad.any() for p in loss.parameters())
    assert {name.split(".")[0] for name, _ in loss.named_parameters()} == {
        "visual_fusion_proj",
        "text_fusion_proj",
        "fusion_logit_scale",
    }


def test_the_scale_starts_at_a_logarithm_and_is_used_as_it_is() -> None:
    loss = FusedContrastiveLoss(student_width=5, teacher_width=5)
    assert loss.fusion_logit_scale.item() == pytest.approx(math.log(1 / 0.07))
    with torch.no_grad():
        loss.fusion_logit_scale.zero_()  # cosines times 0, not times exp(0)
    assert loss(**_four()).item() == pytest.approx(math.log(6))


def test_rows_in_blocks_give_the_same() -> None:
    whole = FusedContrastiveLoss(student_width=5, teacher_width=5)
    blocks = FusedContrastiveLoss(student_width=5, teacher_width=5, chunk=4)
    blocks.load_state_dict(whole.state_dict())
    four = _four()
    for loss in (whole, blocks):
        loss(**four).backward()
    torch.testing.assert_close(blocks(**four), whole(**four))
    for a, b in zip(blocks.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_masking_equals_removing() -> None:
    loss = FusedContrastiveLoss(student_width=5, teacher_width=5, reduction="none")
    mask = torch.tensor([True, False, True, True, True, False])
    four = _four()
    alone = loss(**{name: x[mask] for name, x in four.items()})
    broken = {name: x.masked_fill(~mask.unsqueeze(1), torch.nan) for name, x in four.items()}
    items = loss(**broken, mask=mask)
    torch.testing.assert_close(items[mask], alone)
    assert not items[~mask].any()
    items.sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in loss.parameters())


def test_half_precision_is_lifted_to_float32() -> None:
    loss = FusedContrastiveLoss(student_width=5, teacher_width=5)
    four = {name: x.bfloat16() for name, x in _four().items()}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(**four)
    assert inside.dtype == torch.float32
    assert inside == loss(**{name: x.float() for name, x in four.items()})
