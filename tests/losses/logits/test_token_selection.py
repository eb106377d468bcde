"""TIP's choice of tokens: on made tokens of each kind, with masks, and as the mask of a loss."""

import pytest
import torch
from torch import Tensor

from losses.logits.slow_tokens import entropy, kl
from losses.slow import softmax
from xmodal.losses import reverse_kl_loss, token_selection

SURE, OTHER, UNSURE = [9.0, 0.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0], [0.1, 0.0, 0.0, 0.0]
# sure and right, sure and wrong, unsure and right, sure and right
STUDENT, TEACHER = torch.tensor([[SURE, SURE, UNSURE, SURE]]), torch.tensor([[SURE, OTHER, UNSURE, SURE]])


def _tokens(count: int = 50) -> tuple[Tensor, Tensor]:
    student, teacher = torch.randn(2, 2, count, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return 2 * student, 2 * teacher


def test_tokens_high_in_either_are_chosen() -> None:
    assert token_selection(STUDENT, TEACHER, rho=0.5).tolist() == [[False, True, True, False]]


def test_entropy_alone_misses_the_sure_and_wrong() -> None:
    assert token_selection(STUDENT, TEACHER, rho=0.25, score="entropy").tolist() == [[False, False, True, False]]
    assert token_selection(STUDENT[:, :2], TEACHER[:, :2], rho=0.5).tolist() == [[False, True]]


def test_the_scores_are_those_of_the_slow_formula() -> None:
    student, teacher = (x.reshape(-1, 6).numpy() for x in _tokens())
    h = [entropy(softmax(z)) for z in student]
    d = [kl(softmax(a), softmax(b)) for a, b in zip(student, teacher, strict=True)]
    ordered = sorted(h)
    place = 0.98 * (len(h) - 1)
    clip = ordered[int(place)] + (place % 1) * (ordered[int(place) + 1] - ordered[int(place)])
    h = [(min(x, clip) - min(h)) / (clip - min(h)) for x in h]
    d = [(x - min(d)) / (max(d) - min(d)) for x in d]
    score = [1 - (1 - a) * (1 - b) for a, b in zip(h, d, strict=True)]
    best = set(sorted(range(100), key=lambda i: -score[i])[:30])
    chosen = token_selection(*_tokens(), rho=0.3).flatten()
    assert {i for i in range(100) if chosen[i]} == best


@pytest.mark.parametrize(("rho", "number"), [(0.0, 0), (0.004, 0), (0.2, 20), (0.29, 29), (1.0, 100)])
def test_the_share_is_rounded_down(rho: float, number: int) -> None:
    assert token_selection(*_tokens(), rho=rho).sum() == number


@pytest.mark.parametrize("shape", [(2,), (2, 50)])
def test_masked_tokens_are_neither_chosen_nor_counted(shape: tuple[int, ...]) -> None:
    student, teacher = _tokens()
    mask = torch.arange(torch.Size(shape).numel()).reshape(shape) % 3 == 0
    expected = token_selection(student[mask].flatten(0, -2), teacher[mask].flatten(0, -2), rho=0.4)
    student[~mask] = teacher[~mask] = torch.nan
    before = mask.clone()
    chosen = token_selection(student, teacher, rho=0.4, mask=mask)
    assert not chosen[~mask].any()
    assert torch.equal(chosen[mask].flatten(), expected)
    assert torch.equal(mask, before)


def test_nothing_to_choose_from_gives_nothing() -> None:
    nothing = torch.zeros(2, 50, dtype=torch.bool)
    assert not token_selection(*_tokens(), mask=nothing).any()


def test_equal_tokens_are_harmless() -> None:
    student, teacher = torch.zeros(2, 3, 4), torch.zeros(2, 3, 4)
    assert token_selection(student, teacher).sum() == 3


def test_a_constant_added_to_all_logits_of_a_token_changes_nothing() -> None:
    student, teacher = _tokens()
    shifted = token_selection(student + torch.randn(2, 50, 1), teacher + torch.randn(2, 50, 1))
    assert torch.equal(shifted, token_selection(student, teacher))


def test_samples_without_tokens_are_chosen_too() -> None:
    assert token_selection(STUDENT[0], TEACHER[0]).tolist() == [False, True, True, False]


def test_as_a_mask_it_leaves_the_gradient_of_the_chosen_tokens_only() -> None:
    student = STUDENT.clone().requires_grad_()
    reverse_kl_loss(student, TEACHER, mask=token_selection(student, TEACHER, rho=0.25)).backward()
    assert student.grad is not None
    assert student.grad.abs().sum(-1).bool().tolist() == [[False, True, False, False]]


def test_half_precision_is_lifted() -> None:
    student, teacher = (x.bfloat16() for x in _tokens())
    assert torch.equal(token_selection(student, teacher), token_selection(student.float(), teacher.float()))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"^expected rho in \[0, 1\], found 1.5$"):
        token_selection(*_tokens(), rho=1.5)
    with pytest.raises(ValueError, match=r'^unknown score \'best\'; known: "soft_or", "entropy"$'):
        token_selection(*_tokens(), score="best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"found student \[2, 50, 6\] and teacher \[2, 49, 6\]$"):
        token_selection(_tokens()[0], _tokens()[1][:, 1:])
    with pytest.raises(ValueError, match=r"^expected a bool mask \[2\] or \[2, 50\], found torch.bool \[50\]$"):
        token_selection(*_tokens(), mask=torch.ones(50, dtype=torch.bool))
