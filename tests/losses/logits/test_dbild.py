"""DBiLD: no outside numbers; with k fixed it is BiLD with the sides exchanged, and k follows each curve."""

import pytest
import torch

from xmodal.losses import bild_loss, dbild_loss, knee


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, 4, 3, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return 3 * student, 3 * teacher


def test_with_a_fixed_k_it_is_bild_with_the_sides_exchanged() -> None:
    student, teacher = _pair()
    expected = bild_loss(teacher, student, top_k=6, temperature=2.0)
    torch.testing.assert_close(dbild_loss(student, teacher, least=6, most=6), expected)


def test_every_token_and_either_side_has_its_own_k() -> None:
    student, teacher = _pair()
    steep, shallow = torch.arange(40).double().neg().div(3).exp(), torch.arange(40).double().neg().div(12).exp()
    teacher[0, 0], student[0, 0] = 20 * steep, 20 * shallow.roll(5)
    k_teacher, k_student = int(knee(steep)), int(knee(shallow))
    assert 4 < k_teacher < k_student
    one = teacher[0, :1], student[0, :1]  # exchanged: the lead that is called "student" is the teacher's
    parts = [
        bild_loss(*one, top_k=k, temperature=2.0, lead=lead)
        for k, lead in ((k_teacher, "student"), (k_student, "teacher"))
    ]
    torch.testing.assert_close(dbild_loss(student, teacher, reduction="none")[0, 0], sum(parts))


def test_a_convex_curve_gets_more_than_the_least_k() -> None:
    falling = 20 * torch.exp(-torch.arange(101).double() / 10)
    student = (falling + 0.3 * torch.sin(torch.arange(101).double())).unsqueeze(0)
    teacher = falling.unsqueeze(0)
    assert knee(falling) == 23
    led = {"student": 23, "teacher": int(knee(student.sort(descending=True).values))}
    right = sum(bild_loss(teacher, student, top_k=k, temperature=2.0, lead=who) for who, k in led.items())
    torch.testing.assert_close(dbild_loss(student, teacher), right)
    clamped = bild_loss(teacher, student, top_k=4, temperature=2.0)  # what the opposite sign of the knee comes to
    assert (right - clamped).abs() > 1e-3


def test_flat_and_small_logits_are_harmless() -> None:
    student = torch.zeros(2, 3, requires_grad=True)
    loss = dbild_loss(student, torch.tensor([[1.0, 0.0, 0.0], [2.0, 2.0, 2.0]]))
    loss.backward()
    assert loss > 0
    assert student.grad is not None
    assert student.grad.isfinite().all()
    assert not student.grad[1].any()


def test_a_constant_added_to_all_logits_of_a_token_changes_nothing() -> None:
    student, teacher = _pair()
    shifted = dbild_loss(student + torch.randn(4, 3, 1), teacher + torch.randn(4, 3, 1))
    torch.testing.assert_close(shifted, dbild_loss(student, teacher))


def test_temperature_does_not_move_the_knees() -> None:
    student, teacher = _pair()
    scaled = dbild_loss(student / 5, teacher / 5, temperature=1.0)
    torch.testing.assert_close(dbild_loss(student, teacher, temperature=5.0), scaled)


def test_memory_does_not_grow_with_the_number_of_pairs() -> None:
    student = torch.randn(8, 300, requires_grad=True)
    saved = 0

    def count(x: torch.Tensor) -> torch.Tensor:
        nonlocal saved
        saved = max(saved, x.numel())
        return x

    with torch.autograd.graph.saved_tensors_hooks(count, lambda x: x):
        dbild_loss(student, torch.randn(8, 300), least=128)
    assert saved <= 8 * 300 < 8 * 128 * 127 // 2


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"least": 1}, r"^expected least in \[2, 128\], found 1$"),
        ({"least": 9, "most": 8}, r"^expected least in \[2, 8\], found 9$"),
        ({"most": 300}, r"^expected most in \[4, 256\], found 300$"),
    ],
)
def test_limits_out_of_order_are_named(limits: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dbild_loss(*_pair(), **limits)  # type: ignore[arg-type]


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected C in \[2, inf\], found 1$"):
        dbild_loss(torch.zeros(2, 1), torch.zeros(2, 1))
