"""DiffKD on maps, logits and tokens: randomness, masks, who learns from what. The authors' values are elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from xmodal.losses import CosineLoss, DiffKDLogitsLoss, DiffKDLoss, DiffKDTokensLoss

Made = tuple[Any, Tensor, Tensor]


def _maps() -> Made:
    return DiffKDLoss(4, 8), torch.randn(5, 4, 3, 2), torch.randn(5, 8, 3, 2)


def _logits() -> Made:
    return DiffKDLogitsLoss(6), torch.randn(5, 6), torch.randn(5, 6)


def _vectors() -> Made:
    return DiffKDTokensLoss(4, 8), torch.randn(5, 3, 4), torch.randn(5, 3, 8)


def _sequence() -> Made:
    return DiffKDTokensLoss(4, 8, mixing="sequence"), torch.randn(5, 3, 4), torch.randn(5, 3, 8)


every_layout = pytest.mark.parametrize("make", [_maps, _logits, _vectors, _sequence])
Make = Callable[[], Made]


def _seeded(module: nn.Module, *args: Any, **more: Any) -> Tensor:
    torch.manual_seed(3)
    value: Tensor = module(*args, **more)
    return value


@every_layout
def test_the_seed_of_torch_fixes_the_value(make: Make) -> None:
    module, student, teacher = make()
    assert _seeded(module, student, teacher) == _seeded(module, student, teacher)
    assert module(student, teacher) != module(student, teacher)


@every_layout
def test_the_total_is_the_sum_of_the_parts_and_each_is_above_zero(make: Make) -> None:
    module, student, teacher = make()
    torch.manual_seed(3)
    terms = module.terms(student, teacher)
    assert _seeded(module, student, teacher) == terms.distance + terms.diffusion + terms.reconstruction
    assert terms.distance > 0
    assert terms.diffusion > 0
    assert (terms.reconstruction > 0) == (not isinstance(module, DiffKDLogitsLoss))
    assert terms.student.shape == terms.teacher.shape


@every_layout
def test_student_and_all_parameters_learn_but_not_the_teacher(make: Make) -> None:
    module, student, teacher = make()
    module(student.requires_grad_(), teacher.requires_grad_()).backward()
    assert student.grad is not None
    assert student.grad.any()
    assert teacher.grad is None
    assert all(p.grad is not None for p in module.parameters())


@every_layout
def test_the_comparison_does_not_move_the_target(make: Make) -> None:
    module, student, teacher = make()
    terms = module.terms(student, teacher)
    assert not terms.teacher.requires_grad
    if module.refiner.autoencoder is not None:
        own = list(module.refiner.autoencoder.parameters())
        grads = torch.autograd.grad(terms.distance + terms.diffusion, own, allow_unused=True)
        assert all(grad is None for grad in grads)


@every_layout
def test_the_error_of_the_denoiser_does_not_reach_the_student(make: Make) -> None:
    module, student, teacher = make()
    terms = module.terms(student.requires_grad_(), teacher)
    assert torch.autograd.grad(terms.diffusion, student, allow_unused=True) == (None,)


@every_layout
def test_masking_equals_removing(make: Make) -> None:
    module, student, teacher = make()
    masks = [torch.tensor([True, False, True, True, False])]
    if make is _vectors:
        masks.append(torch.arange(15).reshape(5, 3) % 4 != 0)
    for mask in masks:
        damaged = student.clone()
        damaged[~mask] = torch.nan
        damaged.requires_grad_()
        removed = _seeded(module, student[mask], teacher[mask])
        masked = _seeded(module, damaged, teacher, mask=mask)
        torch.testing.assert_close(masked, removed)
        (grad,) = torch.autograd.grad(masked, damaged)
        assert grad[mask].any()
        assert not grad[~mask].any()


@every_layout
def test_where_nothing_counts_all_is_zero(make: Make) -> None:
    module, student, teacher = make()
    loss = module(student.requires_grad_(), teacher, mask=torch.zeros(5, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()


@every_layout
def test_half_precision_is_lifted_with_and_without_autocast(make: Make) -> None:
    module, student, teacher = make()
    half = _seeded(module, student.bfloat16(), teacher.bfloat16())
    assert half.dtype == torch.float32
    assert half == _seeded(module, student.bfloat16().float(), teacher.bfloat16().float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = _seeded(module, student, teacher)
    assert inside == _seeded(module, student, teacher)


@every_layout
def test_another_module_continues_from_its_state(make: Make) -> None:
    module, student, teacher = make()
    module(student, teacher)  # moves the running statistics
    other = make()[0]
    other.load_state_dict(module.state_dict())
    module.eval()
    other.eval()
    assert _seeded(other, student, teacher) == _seeded(module, student, teacher)
    assert not any("signal" in name for name in module.state_dict())


@every_layout
def test_what_does_not_fit_is_named(make: Make) -> None:
    module, student, teacher = make()
    with pytest.raises(ValueError, match=r"^expected .*\[B.*, found student \[5.*\] and teacher \[4") as caught:
        module(student, teacher[1:])
    assert str(list(student.shape)) in str(caught.value)
    with pytest.raises(ValueError, match=r"found student \[\] and teacher \[\]$"):
        module(torch.tensor(1.0), torch.tensor(1.0))
    with pytest.raises(ValueError, match=r"^expected a bool mask \[5\].*, found torch.float32 \[5\]$"):
        module(student, teacher, mask=torch.ones(5))
    dim = 1 if make is _maps else -1
    with pytest.raises(ValueError, match=r"^expected student and teacher of \d and \d channels, found 2 and 2$"):
        module(student.narrow(dim, 0, 2), teacher.narrow(dim, 0, 2))


@pytest.mark.parametrize("make", [_logits, _vectors])
def test_a_vector_alone_is_refused_in_training_only(make: Make) -> None:
    module, student, teacher = make()
    student, teacher = student.flatten(0, -2)[:1], teacher.flatten(0, -2)[:1]
    with pytest.raises(ValueError, match=r"^expected at least two items that count"):
        module(student, teacher)
    assert module.eval()(student, teacher).isfinite()


def test_tokens_as_vectors_are_items_of_their_own() -> None:
    module, student, teacher = _vectors()
    flat = _seeded(module, student.flatten(0, 1), teacher.flatten(0, 1))
    torch.testing.assert_close(_seeded(module, student, teacher), flat)


def test_tokens_as_a_sequence_see_their_neighbours() -> None:
    module, student, teacher = _sequence()
    order = torch.tensor([2, 0, 1])
    for mixing, same in (("vectors", True), ("sequence", False)):
        module = DiffKDTokensLoss(4, 8, mixing=mixing).eval()
        draws = module.refiner.draw(torch.zeros(15, 4, 1, 1) if same else torch.zeros(5, 4, 3, 1))
        plain = module.terms(student, teacher, draws=draws)
        if same:
            moved_draws = type(draws)(*(x.unflatten(0, (5, 3))[:, order].flatten(0, 1) for x in draws))
        else:
            moved_draws = type(draws)(draws.student_noise[:, :, order], draws.teacher_noise[:, :, order], draws.levels)
        moved = module.terms(student[:, order], teacher[:, order], draws=moved_draws)
        assert torch.isclose(plain.distance, moved.distance).item() == same


def test_tokens_can_be_compared_otherwise_and_brought_to_the_width_of_the_teacher() -> None:
    module = DiffKDTokensLoss(4, 8, latent_width=3, distance=CosineLoss())
    terms = module.terms(torch.randn(5, 2, 4), torch.randn(5, 2, 8))
    assert terms.distance == CosineLoss()(terms.student, terms.teacher)
    assert terms.student.shape == (10, 3)
    _, rebuilt = module.refiner.autoencoder(torch.ones(5, 8, 1, 1))
    latent = module.refiner.autoencoder.encoder(torch.ones(5, 8, 1, 1))
    torch.testing.assert_close(module.decode(latent.flatten(1)), rebuilt.flatten(1))


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^unknown mixing 'all'; known: \"vectors\", \"sequence\"$"):
        DiffKDTokensLoss(4, 8, mixing="all")
    with pytest.raises(ValueError, match=r"^unknown span 'upper'; known: \"lower_half\", \"whole\"$"):
        DiffKDLoss(4, 8, span="upper")
    with pytest.raises(ValueError, match=r"^expected steps > 0, found 0$"):
        DiffKDLogitsLoss(6, steps=0)
    with pytest.raises(ValueError, match=r"^expected temperature > 0, found 0$"):
        DiffKDLogitsLoss(6, temperature=0)


def test_training_brings_a_student_closer_to_its_teacher_than_to_another() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(32, 8)
    student = nn.Parameter(torch.randn(32, 8))
    module = DiffKDTokensLoss(8, 8)
    optimizer = torch.optim.Adam([student, *module.parameters()], lr=3e-2)
    for _ in range(80):
        optimizer.zero_grad()
        module(student, teacher).backward()
        optimizer.step()
    own, other = (module.terms(student, x).distance for x in (teacher, teacher.roll(1, dims=0)))
    assert own < 0.5 * other
