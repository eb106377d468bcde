"""MEALoss: its terms, how it starts in both forms, its state, masks and precision."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import MEALoss

B, C, H, W = 3, 4, 3, 5


def _inputs() -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    return *torch.randn(2, B, C, H, W, dtype=torch.float64), torch.rand(B, H, W, dtype=torch.float64)


def test_the_terms_are_those_of_loops_over_cells() -> None:
    student, teacher, foreground = _inputs()
    terms = MEALoss(C, C, temperature=0.7).double().terms(student, teacher, foreground)
    fg = attention = 0.0
    for b in range(B):
        to = [
            [size.mean(0).flatten().div(0.7).softmax(0) * H * W, size.mean((1, 2)).div(0.7).softmax(0) * C]
            for size in (student[b].abs(), teacher[b].abs())
        ]
        attention += sum((ours - theirs).abs().sum() for ours, theirs in zip(*to, strict=True)).item() / B
        cells, channels = to[1][0].view(H, W), to[1][1]
        for c in range(C):
            squared = (student[b, c] - teacher[b, c]) ** 2
            fg += (foreground[b] * cells * channels[c] * squared).sum().item() / B
    assert terms.foreground.item() == pytest.approx(fg, rel=1e-8)
    assert terms.attention.item() == pytest.approx(attention, rel=1e-12)


def test_it_starts_at_the_squared_difference_in_form_paper_only() -> None:
    student, teacher, foreground = _inputs()
    plain = F.mse_loss(student, teacher, reduction="sum") / B
    losses = {form: MEALoss(C, C, form=form).double() for form in ("paper", "released")}  # type: ignore[arg-type]
    relation = {form: loss.terms(student, teacher, foreground).relation for form, loss in losses.items()}
    torch.testing.assert_close(relation["paper"], plain)
    assert not torch.isclose(relation["released"], plain, rtol=1e-6)
    assert losses["paper"](student, student, foreground) == 0


def test_the_total_is_the_weighted_sum() -> None:
    student, teacher, foreground = _inputs()
    loss = MEALoss(C, C, foreground_weight=0.3, attention_weight=0.2, relation_weight=0.1).double()
    terms = loss.terms(student, teacher, foreground)
    expected = 0.3 * terms.foreground + 0.2 * terms.attention + 0.1 * terms.relation
    torch.testing.assert_close(loss(student, teacher, foreground), expected)


def test_masking_equals_removing_and_nan_stays_where_it_is() -> None:
    student, teacher, foreground = _inputs()
    loss, mask = MEALoss(C, C).double(), torch.tensor([True, False, True])
    kept = loss(student[mask], teacher[mask], foreground[mask])
    for x in (student, teacher, foreground):
        x[1] = torch.nan
    student.requires_grad_()
    masked = loss(student, teacher, foreground, mask=mask)
    masked.backward()
    torch.testing.assert_close(masked, kept)
    assert student.grad is not None
    assert not student.grad[1].any()
    assert loss(student, teacher, foreground, mask=torch.zeros(3, dtype=torch.bool)) == 0


def test_gradients_reach_the_student_and_both_blocks_but_not_the_teacher() -> None:
    student, teacher, foreground = _inputs()
    loss = MEALoss(C, C, form="released").double()
    for block in (loss.student_context, loss.teacher_context):
        torch.nn.init.normal_(block.transform[3].weight)
    student.requires_grad_()
    teacher.requires_grad_()
    loss(student, teacher, foreground).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert all(p.grad is not None and p.grad.any() for p in loss.parameters())
    assert torch.autograd.gradcheck(lambda s: loss(s, teacher.detach(), foreground), student)


def test_the_blocks_add_one_vector_to_all_cells() -> None:
    student, _, _ = _inputs()
    loss = MEALoss(C, C, form="released").double()
    added = loss.student_context(student) - student
    torch.testing.assert_close(added, added[..., :1, :1].expand_as(added))


def test_other_widths_are_aligned_and_the_state_goes_through_a_checkpoint() -> None:
    student, teacher, foreground = _inputs()
    loss, other = MEALoss(2, C).double(), MEALoss(2, C).double()
    other.load_state_dict(loss.state_dict())
    value = loss(student[:, :2], teacher, foreground)
    assert torch.equal(other(student[:, :2], teacher, foreground), value)
    assert not any(name.startswith("align") for name in MEALoss(C, C).state_dict())


def test_half_precision_is_lifted_and_autocast_changes_nothing() -> None:
    student, teacher, foreground = (x.bfloat16() for x in _inputs())
    loss = MEALoss(C, C)
    value = loss(student, teacher, foreground)
    assert value.dtype == torch.float32
    assert value == loss(student.float(), teacher.float(), foreground)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss(student, teacher, foreground) == value
    torch.testing.assert_close(loss.bfloat16()(student, teacher, foreground), value, rtol=2e-2, atol=0)


def test_what_does_not_fit_is_named() -> None:
    student, teacher, foreground = _inputs()
    with pytest.raises(ValueError, match=r"^expected student \[B, Cs, H, W\] .* found student \[3, 4, 3, 5\] and"):
        MEALoss(C, C).double()(student, teacher[1:], foreground)
    with pytest.raises(ValueError, match=r"^expected foreground \[3, 3, 5\], found \[2, 3, 5\]$"):
        MEALoss(C, C).double()(student, teacher, foreground[1:])
    with pytest.raises(ValueError, match=r"^expected temperature > 0, found 0$"):
        MEALoss(C, C, temperature=0)
    with pytest.raises(ValueError, match=r"^unknown form 'fgd'; known: \"paper\", \"released\"$"):
        MEALoss(C, C, form="fgd")  # type: ignore[arg-type]
