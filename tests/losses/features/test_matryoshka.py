"""Nested prefixes: their widths, their weights, and what the loss is shown."""

from math import sqrt

import pytest
import torch
from torch import Tensor, nn

from xmodal.losses import CosineLoss, Matryoshka, cosine_loss, doubling_widths, hint_loss, prefix_weights


def test_widths_double_up_to_the_width_itself() -> None:
    assert doubling_widths(24) == (8, 16, 24)
    assert doubling_widths(32) == (8, 16, 32)
    assert doubling_widths(8) == (8,)
    assert doubling_widths(5, smallest=2) == (2, 4, 5)
    with pytest.raises(ValueError, match=r"^expected 1 <= smallest <= width, found smallest 8 and width 5$"):
        doubling_widths(5)


def test_weights_of_the_sources() -> None:
    assert prefix_weights((2, 4, 8)) == (1, 1, 1)
    expected = (1 / (3 * sqrt(4)), 1 / (2 * sqrt(2)), 1)
    assert prefix_weights((2, 4, 8), weights="f2llm") == pytest.approx(expected)
    assert prefix_weights((8, 2, 4), weights="f2llm") == pytest.approx((expected[2], expected[0], expected[1]))
    assert prefix_weights((2, 4), weights=(3, 0.5)) == (3, 0.5)


def test_it_is_the_weighted_sum_of_the_losses_of_the_prefixes() -> None:
    student, teacher = torch.randn(2, 4, 3, 8)
    nested = Matryoshka(cosine_loss, widths=(2, 8), weights=(0.5, 2))
    expected = 0.5 * cosine_loss(student[..., :2], teacher[..., :2]) + 2 * cosine_loss(student, teacher)
    torch.testing.assert_close(nested(student, teacher), expected)


def test_a_mask_reaches_the_loss_and_items_add_up() -> None:
    student, teacher = torch.randn(2, 4, 8)
    mask = torch.tensor([True, False, True, True])
    nested = Matryoshka(CosineLoss(reduction="none"), widths=(4, 8))
    items = nested(student, teacher, mask=mask)
    assert items.shape == (4,)
    assert items[1] == 0
    torch.testing.assert_close(items[mask], nested(student[mask], teacher[mask]))


def test_a_prefix_gets_gradient_from_every_width_that_holds_it() -> None:
    student = torch.ones(1, 4, requires_grad=True)
    Matryoshka(lambda s: s.sum(), widths=(1, 2, 4))(student).backward()
    assert student.grad is not None
    assert student.grad.tolist() == [[3, 2, 1, 1]]


def test_embeddings_of_several_widths_are_cut_alike() -> None:
    seen: list[tuple[int, int]] = []

    def loss(student: Tensor, teacher: Tensor) -> Tensor:
        seen.append((student.shape[-1], teacher.shape[-1]))
        return hint_loss(student, teacher)

    Matryoshka(loss, widths=(2, 3))(torch.zeros(4, 3), torch.zeros(4, 8))
    assert seen == [(2, 2), (3, 3)]


def test_parameters_of_the_loss_are_trained_too() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleDict({str(width): nn.Linear(width, 3) for width in (2, 4)})

        def forward(self, z: Tensor) -> Tensor:
            return self.heads[str(z.shape[-1])](z).square().mean()

    nested = Matryoshka(Heads(), widths=(2, 4))
    nested(torch.randn(5, 4)).backward()
    assert len(list(nested.parameters())) == 4
    assert all(p.grad is not None for p in nested.parameters())


def test_what_does_not_fit_is_refused() -> None:
    for widths in ((), (0, 2), (2, 2)):
        with pytest.raises(ValueError, match=r"^expected widths >= 1, each once, found \["):
            Matryoshka(hint_loss, widths=widths)
    with pytest.raises(ValueError, match=r"^expected a weight for each of 2 widths, found 1$"):
        Matryoshka(hint_loss, widths=(2, 4), weights=(1,))
    with pytest.raises(ValueError, match=r"^unknown weights 'even'; known: \"mrl\", \"f2llm\"$"):
        Matryoshka(hint_loss, widths=(2, 4), weights="even")
    nested = Matryoshka(hint_loss, widths=(2, 8))
    with pytest.raises(ValueError, match=r"^expected embeddings \[..., D\] with D >= 8, found \[\[4, 5\]\]$"):
        nested(torch.zeros(4, 8), torch.zeros(4, 5))
    with pytest.raises(ValueError, match=r"found none$"):
        nested()
