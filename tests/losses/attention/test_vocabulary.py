"""Divergences of large vocabularies: chunks against dense logits, what gets gradients, what needs how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from xmodal.losses import (
    generalized_jsd_loss,
    kd_loss,
    reverse_kl_loss,
    vocabulary_jsd_loss,
    vocabulary_kl_loss,
)
from xmodal.losses.attention import _chunked, _vocabulary

TOKENS, WIDTH, WIDER, WORDS = (3, 7), 5, 8, 11
PAIRS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor], dict[str, float]]] = {
    "kl": (vocabulary_kl_loss, kd_loss, {"temperature": 2.0}),
    "jsd": (vocabulary_jsd_loss, generalized_jsd_loss, {"temperature": 0.9, "beta": 0.3}),
    "jsd-0": (vocabulary_jsd_loss, generalized_jsd_loss, {"temperature": 1.0, "beta": 0.0}),
    "jsd-1": (vocabulary_jsd_loss, generalized_jsd_loss, {"temperature": 1.0, "beta": 1.0}),
}
EVERY = pytest.mark.parametrize(("chunked", "dense", "options"), PAIRS.values(), ids=PAIRS.keys())
MASK = torch.arange(21).reshape(TOKENS) % 3 != 1


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four tokens a chunk, three words of a lifted weight at a time."""
    monkeypatch.setattr(_chunked, "LOGITS", 4 * WORDS + 3)
    monkeypatch.setattr(_chunked, "TOKENS", 1)
    monkeypatch.setattr(_vocabulary, "LIFTED", 3 * WIDTH)


def _heads(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Hidden states of student and teacher, and the weights and biases; the student's ask for gradients."""
    student, teacher = torch.randn(*TOKENS, WIDTH).to(dtype), torch.randn(*TOKENS, WIDER).to(dtype)
    of_student = {"student_weight": torch.randn(WORDS, WIDTH), "student_bias": torch.randn(WORDS)}
    of_teacher = {"teacher_weight": torch.randn(WORDS, WIDER), "teacher_bias": torch.randn(WORDS)}
    heads = {name: x.to(dtype).requires_grad_() for name, x in of_student.items()}
    return student.requires_grad_(), teacher, heads | {name: x.to(dtype) for name, x in of_teacher.items()}


def _logits(student: Tensor, teacher: Tensor, heads: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    return (
        student @ heads["student_weight"].T + heads["student_bias"],
        teacher @ heads["teacher_weight"].T + heads["teacher_bias"],
    )


def _leaves(student: Tensor, heads: dict[str, Tensor]) -> list[Tensor]:
    return [student, heads["student_weight"], heads["student_bias"]]


@EVERY
@pytest.mark.parametrize("mask", [None, MASK, MASK[:, 0]], ids=["all", "tokens", "samples"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.usefixtures("small_chunks")
def test_value_and_gradients_are_those_of_dense_logits(
    chunked: Any, dense: Any, options: dict[str, float], mask: Tensor | None, reduction: str
) -> None:
    student, teacher, heads = _heads()
    leaves = _leaves(student, heads)
    found = chunked(student, teacher, **heads, **options, mask=mask, reduction=reduction)
    expected = dense(*_logits(student, teacher, heads), **options, mask=mask, reduction=reduction)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    upstream = torch.randn_like(expected)
    grads = torch.autograd.grad(found, leaves, upstream)
    for grad, other in zip(grads, torch.autograd.grad(expected, leaves, upstream), strict=True):
        torch.testing.assert_close(grad, other, rtol=1e-9, atol=1e-12)


@EVERY
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.usefixtures("small_chunks")
def test_gradients_of_weight_and_bias_are_those_of_the_value(
    chunked: Any, dense: Any, options: dict[str, float], reduction: str
) -> None:
    student, teacher, heads = _heads()

    def value(weight: Tensor, bias: Tensor) -> Tensor:
        given = heads | {"student_weight": weight, "student_bias": bias}
        found: Tensor = chunked(student[:1, :2], teacher[:1, :2], **given, **options, reduction=reduction)
        return found

    assert torch.autograd.gradcheck(value, (heads["student_weight"], heads["student_bias"]))


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_half_precision_is_lifted_by_slices_of_the_weight(half: torch.dtype, reduction: Any) -> None:
    student, teacher, heads = _heads(half)
    leaves = _leaves(student, heads)
    wide = {name: x.detach().float().requires_grad_(x.requires_grad) for name, x in heads.items()}
    wide_student = student.detach().float().requires_grad_()
    wide_leaves = _leaves(wide_student, wide)
    low = vocabulary_kl_loss(student, teacher, **heads, reduction=reduction)
    expected = vocabulary_kl_loss(wide_student, teacher.float(), **wide, reduction=reduction)
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, expected)
    grads = torch.autograd.grad(low.sum(), leaves)
    for grad, other in zip(grads, torch.autograd.grad(expected.sum(), wide_leaves), strict=True):
        assert grad.dtype == half
        torch.testing.assert_close(grad.float(), other, rtol=1e-2, atol=1e-3)


def test_a_loss_scaler_does_not_lose_small_gradients_in_float16() -> None:
    student, teacher, heads = _heads(torch.float16)
    scaled = 2.0**-30 * vocabulary_kl_loss(student, teacher, **heads)
    (grad,) = torch.autograd.grad(2.0**30 * scaled, student)
    (expected,) = torch.autograd.grad(vocabulary_kl_loss(student, teacher, **heads), student)
    assert torch.equal(grad, expected)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_frozen_weight_gets_no_gradient_and_a_teacher_never_does(reduction: Any) -> None:
    student, teacher, heads = _heads()
    heads = {name: x.detach().requires_grad_(name.startswith("teacher")) for name, x in heads.items()}
    vocabulary_kl_loss(student, teacher.requires_grad_(), **heads, reduction=reduction).sum().backward()
    assert student.grad is not None
    assert student.grad.any()
    assert teacher.grad is None
    assert all(x.grad is None for x in heads.values())


def test_a_weight_alone_may_learn() -> None:
    student, teacher, heads = _heads()
    loss = vocabulary_kl_loss(student.detach(), teacher, **heads)
    logits = _logits(student.detach(), teacher, heads)
    (grad,) = torch.autograd.grad(loss, heads["student_weight"])
    (expected,) = torch.autograd.grad(kd_loss(*logits, temperature=1.0), heads["student_weight"])
    torch.testing.assert_close(grad, expected)


def test_teacher_logits_stand_for_hidden_states() -> None:
    student, teacher, heads = _heads()
    _, logits = _logits(student, teacher, heads)
    of_student = {name: heads[name] for name in ("student_weight", "student_bias")}
    given = vocabulary_jsd_loss(student, logits.requires_grad_(), **of_student)
    torch.testing.assert_close(given, vocabulary_jsd_loss(student, teacher, **heads))
    given.backward()
    assert logits.grad is None


def test_the_ends_of_beta_are_forward_and_reverse_kl() -> None:
    student, teacher, heads = _heads()
    logits = _logits(student, teacher, heads)
    forward, reverse = (vocabulary_jsd_loss(student, teacher, **heads, beta=beta) for beta in (0.0, 1.0))
    torch.testing.assert_close(forward, vocabulary_kl_loss(student, teacher, **heads))
    torch.testing.assert_close(reverse, reverse_kl_loss(*logits))


@EVERY
def test_backward_may_be_called_twice(chunked: Any, dense: Any, options: dict[str, float]) -> None:
    student, teacher, heads = _heads()
    for reduction in ("mean", "none"):
        loss = chunked(student, teacher, **heads, **options, reduction=reduction).sum()
        first, second = (torch.autograd.grad(loss, student, retain_graph=True)[0] for _ in range(2))
        assert torch.equal(first, second)


def test_without_gradients_none_are_made() -> None:
    student, teacher, heads = _heads()
    with torch.no_grad():
        loss = vocabulary_kl_loss(student, teacher, **heads)
    assert not loss.requires_grad
    torch.testing.assert_close(loss, vocabulary_kl_loss(student, teacher, **heads).detach())


def test_heads_that_do_not_fit_are_named() -> None:
    student, teacher, heads = _heads()
    wrong: dict[str, tuple[Tensor | None, str]] = {
        "student_weight": (heads["student_weight"][:, 1:], r"^expected student_weight \[V, 5\], found \[11, 4\]$"),
        "teacher_weight": (heads["teacher_weight"][1:], r"^expected teacher_weight \[11, 8\], found \[10, 8\]$"),
        "student_bias": (heads["student_bias"][1:], r"^expected student_bias \[11\], found \[10\]$"),
        "teacher_bias": (heads["teacher_bias"][1:], r"^expected teacher_bias \[11\], found \[10\]$"),
    }
    for name, (value, message) in wrong.items():
        with pytest.raises(ValueError, match=message):
            vocabulary_kl_loss(student, teacher, **heads | {name: value})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^expected teacher logits of 11 words, found teacher \[3, 7, 8\]$"):
        vocabulary_kl_loss(student, teacher, student_weight=heads["student_weight"])
    with pytest.raises(
        ValueError, match=r"^expected teacher_bias only beside teacher_weight, found it with teacher log"
    ):
        vocabulary_kl_loss(
            student,
            torch.randn(*TOKENS, WORDS),
            student_weight=heads["student_weight"],
            teacher_bias=torch.zeros(WORDS),
        )


MEMORY = """
import torch
from xmodal.benchmarks.speed.measure import measured
from xmodal.losses import vocabulary_kl_loss
tokens, width, words = {tokens}, 64, 32000
student, teacher = torch.randn(2, tokens, width)
weight, of_teacher = torch.randn(2, words, width)
student.requires_grad_(), weight.requires_grad_()
def call():
    vocabulary_kl_loss(student, teacher, student_weight=weight, teacher_weight=of_teacher).backward()
vocabulary_kl_loss(student[:8], teacher[:8], student_weight=weight[:9], teacher_weight=of_teacher[:9]).backward()
print(measured(call, seconds=0)["extra_bytes"] / 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [512, 4096])
def test_memory_does_not_grow_with_the_number_of_tokens(tokens: int) -> None:
    """4096 tokens and 32000 words: one matrix of logits takes 500 MiB, and their divergence needs over ten."""
    command = [sys.executable, "-c", MEMORY.format(tokens=tokens)]
    # What is freed goes back at once; otherwise glibc keeps up to ten chunks in pieces, other ones in each run.
    env = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(2**20)}
    extra = float(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)
    assert extra < 10 * 4 * 2**22 / 2**20
