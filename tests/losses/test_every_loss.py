"""The properties that every loss has; the table of losses is in `cases.py`, their reference numbers are elsewhere."""

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from losses.case import Case
from losses.cases import (
    APART,
    CASES,
    STATEFUL,
    every_loss,
    every_loss_that_bears_zero_rows,
    every_loss_that_detects_shuffling,
    every_loss_with_a_teacher,
    every_loss_with_a_thin_module,
    every_loss_with_items,
    every_loss_with_items_and_a_thin_module,
    every_loss_zero_at_identity,
    every_order_free_loss,
    every_order_free_loss_with_items,
    every_smooth_loss,
)
from xmodal import losses


def _mask(shape: tuple[int, ...]) -> Tensor:
    """Some true and some false entries, in every row of a two-dimensional mask another pattern."""
    flat = torch.arange(torch.Size(shape).numel())
    return (flat % 3 != 1).reshape(shape)


def test_the_table_holds_every_public_loss() -> None:
    functions = {name for name in losses.__all__ if name.endswith("_loss")}
    modules = {name for name in losses.__all__ if name.endswith("Loss")}
    assert {case.loss.__name__ for case in CASES.values()} | APART.keys() == functions
    own = {case.module.__name__ for case in CASES.values() if case.module}
    assert own | STATEFUL | set(APART.values()) == modules


def test_a_case_without_a_thin_module_is_that_of_a_loss_with_a_state() -> None:
    without = {case.loss.__name__.replace("_", "") for case in CASES.values() if case.module is None}
    assert without <= {name.lower() for name in STATEFUL}


@pytest.mark.parametrize("name", sorted(STATEFUL))
def test_every_loss_with_a_state_has_tests_of_its_own(name: str) -> None:
    tests = Path(__file__).parent.glob("*/test_*.py")
    assert any(f"{name}(" in path.read_text(encoding="utf-8") for path in tests)


@every_loss
def test_the_loss_equals_its_slow_formula(case: Case) -> None:
    student, teacher = case.inputs()
    expected = case.expected()
    torch.testing.assert_close(case(student, teacher).item(), float(np.mean(expected)), rtol=1e-10, atol=1e-12)


@every_loss_with_items
def test_reduction_none_gives_the_slow_formula_of_each_item(case: Case) -> None:
    student, teacher = case.inputs()
    expected = torch.from_numpy(case.expected())
    torch.testing.assert_close(case(student, teacher, reduction="none"), expected, rtol=1e-10, atol=1e-12)


@every_loss_with_a_thin_module
def test_the_module_only_stores_hyperparameters(case: Case) -> None:
    student, teacher = case.inputs()
    module = case.built()
    assert not module.state
    assert torch.equal(module(student, teacher), case(student, teacher))
    mask = _mask(case.mask_shapes[-1])
    assert torch.equal(module(student, teacher, mask=mask), case(student, teacher, mask=mask))


@every_loss_with_items_and_a_thin_module
def test_the_module_passes_its_reduction_on(case: Case) -> None:
    student, teacher = case.inputs()
    module = case.built(reduction="none")
    assert torch.equal(module(student, teacher), case(student, teacher, reduction="none"))


@every_loss
def test_function_and_module_have_the_same_keyword_only_defaults(case: Case) -> None:
    tensors = [*case.sides("student", "teacher"), *(["labels"] if case.classes else [])]
    given = list(inspect.signature(case.loss).parameters.values())
    rest = [p for p in given[len(tensors) :] if p.name not in case.extras]
    assert [p.name for p in given[: len(tensors)]] == tensors
    assert all(p.kind is p.KEYWORD_ONLY for p in rest)
    if case.module is None:
        return
    stored = [p for name, p in inspect.signature(case.module).parameters.items() if name not in ("args", "kwargs")]
    assert {p.name: p.default for p in stored} == {p.name: p.default for p in rest if p.name != "mask"}


@every_loss_zero_at_identity
def test_identical_inputs_give_zero(case: Case) -> None:
    student, _ = case.inputs()
    assert case(student, student).abs() < 1e-12


@every_loss_that_detects_shuffling
def test_a_permuted_teacher_increases_the_loss(case: Case) -> None:
    _, teacher = case.inputs()
    student = teacher + 0.05 * torch.randn_like(teacher)
    assert case(student, teacher.roll(1, dims=0)) > 1.1 * case(student, teacher)


@every_order_free_loss
def test_the_order_of_the_batch_does_not_matter(case: Case) -> None:
    student, teacher = case.inputs()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(case(student[order], teacher[order], order), case(student, teacher))


@every_order_free_loss_with_items
def test_items_follow_the_order_of_the_batch(case: Case) -> None:
    student, teacher = case.inputs()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    permuted = case(student[order], teacher[order], order, reduction="none")
    torch.testing.assert_close(permuted, case(student, teacher, reduction="none")[order])


@every_loss
def test_masking_equals_removing(case: Case) -> None:
    for shape in case.mask_shapes:
        mask = _mask(shape)
        student, teacher = case.inputs()
        kept_student, kept_teacher = student[mask].requires_grad_(), teacher[mask]
        student[~mask] = torch.nan
        teacher[~mask] = torch.nan
        student.requires_grad_()
        masked, removed = case(student, teacher, mask=mask), case(kept_student, kept_teacher, mask)
        torch.testing.assert_close(masked, removed, rtol=1e-10, atol=1e-12)
        grad, kept_grad = (torch.autograd.grad(v, x)[0] for v, x in ((masked, student), (removed, kept_student)))
        torch.testing.assert_close(grad[mask], kept_grad, rtol=1e-9, atol=1e-12)
        assert not grad[~mask].any()


@every_loss_with_items
def test_masked_items_are_zero_and_the_others_as_if_alone(case: Case) -> None:
    for shape in case.mask_shapes:
        mask = _mask(shape)
        student, teacher = case.inputs()
        items = case(student, teacher, reduction="none", mask=mask)
        assert not items[~mask].any()
        alone = case(student[mask], teacher[mask], mask, reduction="none")
        torch.testing.assert_close(items[mask], alone, rtol=1e-10, atol=1e-12)


@every_loss
def test_a_mask_without_any_item_gives_zero_and_no_gradient(case: Case) -> None:
    student, teacher = case.inputs()
    nothing = torch.zeros(case.mask_shapes[-1], dtype=torch.bool)
    with torch.autograd.set_detect_anomaly(True):  # no NaN on the way back either
        loss = case(student.requires_grad_(), teacher, mask=nothing)
        loss.backward()
    assert loss == 0
    assert student.grad is not None
    assert not student.grad.any()


@every_smooth_loss
def test_gradients_are_those_of_the_value(case: Case) -> None:
    student, teacher = case.inputs()
    assert torch.autograd.gradcheck(lambda s: case(s, teacher), student.requires_grad_())


@every_smooth_loss
def test_gradients_under_a_mask_are_those_of_the_value(case: Case) -> None:
    student, teacher = case.inputs()
    mask = _mask(case.mask_shapes[-1])
    assert torch.autograd.gradcheck(lambda s: case(s, teacher, mask=mask), student.requires_grad_())


@every_loss
def test_the_teacher_gets_no_gradient(case: Case) -> None:
    student, teacher = (x.requires_grad_() for x in case.inputs())
    case(student, teacher).backward()
    assert student.grad is not None
    assert student.grad.abs().sum() > 0
    assert teacher.grad is None


@every_loss
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision_is_lifted_to_float32(case: Case, half: torch.dtype) -> None:
    student, teacher = case.inputs(torch.float32)
    low = case(student.to(half), teacher.to(half))
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, case(student, teacher), rtol=2e-2, atol=2e-3)
    assert low == case(student.to(half).float(), teacher.to(half).float())


@every_loss
def test_float64_stays_and_wins_over_float32(case: Case) -> None:
    student, teacher = case.inputs()
    assert case(student, teacher).dtype == torch.float64
    assert case(student, teacher.float()).dtype == torch.float64
    assert case(student.float(), teacher.float()).dtype == torch.float32


@every_loss
def test_autocast_does_not_lower_the_precision(case: Case) -> None:
    student, teacher = case.inputs(torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = case(student, teacher)
    assert inside.dtype == torch.float32
    assert inside == case(student, teacher)


@every_loss_that_bears_zero_rows
def test_rows_of_zeros_have_bounded_gradients(case: Case) -> None:
    student, teacher = case.inputs(torch.float32)
    student[:2] = 0
    case(student.requires_grad_(), teacher).backward()
    assert student.grad is not None
    assert student.grad.abs().max() < 100


@every_loss_with_a_teacher
def test_a_wrong_shape_is_named(case: Case) -> None:
    student, teacher = case.inputs()
    with pytest.raises(ValueError, match=r"^expected .*\[B.*, found student \[6.*\] and teacher \[5") as caught:
        case(student, teacher[1:])
    assert str(list(student.shape)) in str(caught.value)
    assert str(list(teacher[1:].shape)) in str(caught.value)
    with pytest.raises(ValueError, match=r"^expected .* found student \[\] and teacher \[\]"):
        case(torch.tensor(1.0), torch.tensor(1.0))


@every_loss
def test_a_mask_that_does_not_fit_is_named(case: Case) -> None:
    student, teacher = case.inputs()
    with pytest.raises(ValueError, match=r"^expected a bool mask \[6\].*, found torch.bool \[4\]$"):
        case(student, teacher, mask=torch.ones(4, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"^expected a bool mask \[6\].*, found torch.float32 \[6\]$"):
        case(student, teacher, mask=torch.ones(6))


@every_loss_with_items
def test_an_unknown_reduction_is_refused(case: Case) -> None:
    with pytest.raises(ValueError, match=r"^unknown reduction 'sum'; known: \"mean\", \"none\"$"):
        case(*case.inputs(), reduction="sum")


@every_loss
def test_a_hyperparameter_must_be_positive(case: Case) -> None:
    for name in case.must_be_positive():
        with pytest.raises(ValueError, match=rf"^expected {name} > 0, found 0$"):
            replace(case, options={**case.options, name: 0})(*case.inputs())
