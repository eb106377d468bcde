"""Blocks of rows: the value and gradient of the direct formula, whatever the block, and memory that stays linear."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from xmodal.benchmarks.speed import relational_direct as direct
from xmodal.losses import (
    CLIPRDTerms,
    correlation_congruence_loss,
    pkt_loss,
    rkd_angle_loss,
    rkd_distance_loss,
    similarity_preserving_loss,
)
from xmodal.losses.relational._blocks import BLOCK_BYTES, rows_per_block

TWO_GIB = 2 * 2**30
Made = tuple[Tensor, list[Tensor]]


def _clip_rd(four: list[Tensor], chunk: int | None) -> Tensor:
    student, text, teacher, teacher_text = four
    terms = CLIPRDTerms(student_width=student.shape[1], teacher_width=student.shape[1], chunk=chunk)
    made = terms(student, teacher, student_text=text, teacher_text=teacher_text, student_scale=20.0, teacher_scale=50.0)
    return sum(2000 * term if name == "fd" else term for name, term in made.items())  # type: ignore[return-value]


def _scales() -> list[Tensor]:
    terms = CLIPRDTerms(student_width=2, teacher_width=2)
    return [torch.tensor(20.0), torch.tensor(50.0), *(p.detach() for p in terms.parameters())]


LOSSES: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "rkd_distance": (
        lambda four, chunk: rkd_distance_loss(four[0], four[2], chunk=chunk),
        lambda four: direct.rkd_distance(four[0], four[2]),
    ),
    "similarity_preserving": (
        lambda four, chunk: similarity_preserving_loss(four[0], four[2], chunk=chunk),
        lambda four: direct.similarity_preserving(four[0], four[2]),
    ),
    "clip_rd": (_clip_rd, lambda four: direct.clip_rd(four, _scales())),
}


def _with_gradients(compute: Callable[..., Tensor], dtype: torch.dtype, *more: Any) -> Made:
    torch.manual_seed(1)
    four = [torch.randn(512, 32, dtype=torch.float64).to(dtype) for _ in range(4)]
    value = compute([x.requires_grad_() for x in four[:2]] + four[2:], *more)
    found = torch.autograd.grad(value, four[:2], allow_unused=True)
    return value, [x for x in found if x is not None]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("chunk", [None, 200])
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-9), (torch.float32, 1e-5)], ids=["float64", "float32"])
def test_it_equals_the_direct_formula(loss: str, chunk: int | None, dtype: torch.dtype, rtol: float) -> None:
    ours, plain = LOSSES[loss]
    value, gradients = _with_gradients(ours, dtype, chunk)
    expected, expected_gradients = _with_gradients(plain, torch.float64)
    torch.testing.assert_close(value.double(), expected, rtol=rtol, atol=0)
    for grad, expected_grad in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(
            grad.double(), expected_grad, rtol=rtol, atol=rtol * float(expected_grad.abs().max())
        )


def test_the_angle_of_drawn_corners_equals_the_direct_formula() -> None:
    student, teacher = torch.randn(2, 20, 5, dtype=torch.float64)
    # The direct formula takes the first rows as corners, so the rows go to the front in the order drawn.
    order = torch.randperm(20, generator=torch.Generator().manual_seed(2))
    found = rkd_angle_loss(student, teacher, anchors=4, generator=torch.Generator().manual_seed(2), chunk=30)
    torch.testing.assert_close(found, direct.rkd_angle(student[order], teacher[order], anchors=4))


@pytest.mark.parametrize(
    "loss", [rkd_distance_loss, similarity_preserving_loss, pkt_loss, correlation_congruence_loss, rkd_angle_loss]
)
def test_in_blocks_it_is_differentiable_once_and_says_so(loss: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(6, 5, requires_grad=True), torch.randn(6, 5)
    value = loss(student, teacher, chunk=2)
    (grad,) = torch.autograd.grad(value, student, create_graph=True)
    torch.testing.assert_close(grad, torch.autograd.grad(loss(student, teacher, chunk=2), student)[0])
    with pytest.raises(RuntimeError, match=r"differentiable once$"):
        grad.sum().backward()


@pytest.mark.parametrize("loss", [rkd_distance_loss, similarity_preserving_loss, rkd_angle_loss])
def test_without_gradient_no_block_computes_one(loss: Callable[..., Tensor]) -> None:
    student, teacher = torch.randn(2, 6, 5)
    value = loss(student, teacher, chunk=2)
    assert not value.requires_grad
    torch.testing.assert_close(value, loss(student, teacher))


def test_a_backward_can_be_repeated() -> None:
    student, teacher = torch.randn(6, 5, requires_grad=True), torch.randn(6, 5)
    value = rkd_distance_loss(student, teacher)
    (first,) = torch.autograd.grad(value, student, retain_graph=True)
    (second,) = torch.autograd.grad(value, student)
    assert first.equal(second)


def test_a_block_is_as_large_as_its_bytes_allow() -> None:
    assert rows_per_block(None, 16384, torch.zeros(1)) * 16384 * 4 == BLOCK_BYTES
    assert rows_per_block(None, 16384, torch.zeros(1).double()) * 16384 * 8 == BLOCK_BYTES
    assert rows_per_block(None, 2**40, torch.zeros(1)) == 1
    assert rows_per_block(None, 0, torch.zeros(1)) > 0
    assert rows_per_block(7, 16384, torch.zeros(1)) == 7


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("loss", LOSSES)
def test_sixteen_thousand_rows_need_less_than_two_gib(loss: str) -> None:
    arguments = ["--one", loss, "ours", "--batches", "16384", "--width", "256"]
    command = [sys.executable, "-m", "xmodal.benchmarks.speed.relational", *arguments]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert 2**24 < found["extra_bytes"] < TWO_GIB
