"""Cosine and smooth L1 together: what each part is, and what is compared token by token or as a whole."""

from collections.abc import Callable

import pytest
import torch

from xmodal.losses import cosine_loss, cosine_smooth_l1_loss, theia_loss, value_loss


def _pair(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return student, teacher


def test_each_part_alone_is_that_loss() -> None:
    student, teacher = _pair(4, 3, 5)
    alone = cosine_smooth_l1_loss(student, teacher, cosine_weight=1, smooth_l1_weight=0)
    assert alone == cosine_loss(student, teacher)
    values = cosine_smooth_l1_loss(student, teacher, cosine_weight=0, smooth_l1_weight=1, beta=0.4)
    assert values == value_loss(student, teacher, beta=0.4)


def test_without_its_second_part_the_length_of_a_vector_does_not_matter() -> None:
    student, teacher = _pair(4, 5)
    for weight, same in ((0.0, True), (0.1, False)):
        losses = [cosine_smooth_l1_loss(x, teacher, smooth_l1_weight=weight) for x in (student, 3 * student)]
        assert torch.isclose(*losses).item() == same


def test_theia_is_it_with_the_weights_09_and_01_for_one_token_and_something_else_for_more() -> None:
    student, teacher = _pair(4, 1, 5)
    parts = {"cosine_weight": 0.9, "smooth_l1_weight": 0.1}
    torch.testing.assert_close(theia_loss(student, teacher), cosine_smooth_l1_loss(student, teacher, **parts))
    student, teacher = _pair(4, 3, 5)
    assert not torch.isclose(theia_loss(student, teacher), cosine_smooth_l1_loss(student, teacher, **parts))


def test_theia_lets_a_long_token_outweigh_a_short_one() -> None:
    teacher = torch.tensor([[[10.0, 0.0], [0.0, 1.0]]])
    wrong_short, wrong_long = torch.tensor([[[10.0, 0.0], [1.0, 0.0]]]), torch.tensor([[[0.0, 10.0], [0.0, 1.0]]])
    whole = [theia_loss(x, teacher, smooth_l1_weight=0) for x in (wrong_short, wrong_long)]
    assert whole[0] < 0.02 < 0.8 < whole[1]
    each = [cosine_smooth_l1_loss(x, teacher, smooth_l1_weight=0) for x in (wrong_short, wrong_long)]
    assert each[0] == each[1]


@pytest.mark.parametrize("loss", [cosine_smooth_l1_loss, theia_loss])
def test_a_negative_weight_is_refused(loss: Callable[..., torch.Tensor]) -> None:
    for name in ("cosine_weight", "smooth_l1_weight"):
        with pytest.raises(ValueError, match=rf"^expected {name} >= 0, found -1$"):
            loss(*_pair(2, 3), **{name: -1})
