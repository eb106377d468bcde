"""Random attention maps, and their divergence as the formula reads: both maps in memory."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from xmodal.losses import attention_kl_loss

B, H, NQ, NK, D, D_TEACHER = 2, 3, 5, 7, 4, 6
Maps = tuple[Tensor, Tensor, Tensor, Tensor]


def random_maps(
    dtype: torch.dtype = torch.float64,
    *,
    lead: tuple[int, ...] = (B, H),
    queries: int = NQ,
    keys: int = NK,
    width: int = D,
    teacher_width: int = D_TEACHER,
) -> Maps:
    """Student query, student key, teacher query, teacher key; exact in half precision too."""
    shapes = ((queries, width), (keys, width), (queries, teacher_width), (keys, teacher_width))
    made = [torch.randn(*lead, *shape, dtype=torch.float64) for shape in shapes]
    sq, sk, tq, tk = (((x * 32).round() / 32).to(dtype) for x in made)
    return sq, sk, tq, tk


def dense(
    student_query: Tensor,
    student_key: Tensor,
    teacher_query: Tensor,
    teacher_key: Tensor,
    *,
    direction: str = "forward",
    student_scale: float | None = None,
    teacher_scale: float | None = None,
    causal: bool = False,
    causal_align: str = "bottom_right",
    query_mask: Tensor | None = None,
    key_mask: Tensor | None = None,
) -> Tensor:
    """[..., Nq]; masks have all dimensions."""
    student = (student_scale or student_query.shape[-1] ** -0.5) * student_query @ student_key.mT
    teacher = (teacher_scale or teacher_query.shape[-1] ** -0.5) * teacher_query @ teacher_key.mT
    seen = torch.ones_like(student, dtype=torch.bool)
    if causal:
        seen = seen.tril(seen.shape[-1] - seen.shape[-2] if causal_align == "bottom_right" else 0)
    if key_mask is not None:
        seen = seen & key_mask.unsqueeze(-2)
    counts = seen.any(-1) if query_mask is None else seen.any(-1) & query_mask
    student, teacher = _log_softmax(student, seen), _log_softmax(teacher, seen)
    first, second = (teacher, student) if direction == "forward" else (student, teacher)
    rows = torch.where(seen, first.exp() * (first - second), 0).sum(-1)
    return torch.where(counts, rows, 0)


def _log_softmax(logits: Tensor, seen: Tensor) -> Tensor:
    hidden = torch.finfo(logits.dtype).min / 4  # finite: a row that sees nothing must not become NaN
    return logits.masked_fill(~seen, hidden).log_softmax(-1)


def drawn(seed: int) -> tuple[list[Tensor], dict[str, Any], Tensor]:
    """Maps, options and upstream values of a random case; every second has both masks, some rows see nothing."""
    draw = random.Random(seed)
    torch.manual_seed(seed)
    lead = draw.choice([(), (2,), (2, 3), (13,)])
    queries, keys = draw.randint(1, 30), draw.randint(1, 40)
    widths = {"width": draw.randint(1, 20), "teacher_width": draw.randint(1, 20)}
    maps = list(random_maps(lead=lead, queries=queries, keys=keys, **widths))
    options: dict[str, Any] = {
        "direction": draw.choice(["forward", "reverse"]),
        "causal": draw.random() < 0.6,
        "causal_align": draw.choice(["bottom_right", "top_left"]),
    }
    if draw.random() < 0.5:
        options["query_mask"] = torch.rand(*lead, queries) < 0.8
        options["key_mask"] = torch.rand(*lead, keys) < draw.choice([0.2, 0.6, 0.95])
        options["key_mask"][..., : draw.choice([0, keys // 2])] = False
    return maps, options, torch.randn(*lead, queries, dtype=torch.float64)


def rows_and_gradients(rows: Tensor, leaves: list[Tensor], upstream: Tensor) -> list[Tensor]:
    """The rows, and the gradients of sum(upstream * rows)."""
    return [rows.detach(), *torch.autograd.grad((rows * upstream.to(rows)).sum(), leaves)]


def check_drawn(seed: int, dtype: torch.dtype, of_gradients: float, device: str = "cpu") -> None:
    """Rows and gradients against the dense formula in float64, relative to the largest of each, at least 1."""
    maps, options, upstream = drawn(seed)
    wide = [x.clone().requires_grad_() for x in maps[:2]]
    expected = rows_and_gradients(dense(*wide, *maps[2:], **options), wide, upstream)
    leaves = [x.to(device, dtype).requires_grad_() for x in maps[:2]]
    options = {name: x.to(device) if isinstance(x, Tensor) else x for name, x in options.items()}
    rows = attention_kl_loss(*leaves, *(x.to(device, dtype) for x in maps[2:]), **options, reduction="none")
    found = rows_and_gradients(rows, leaves, upstream)
    for a, b, allowed in zip(found, expected, (1e-5, of_gradients, of_gradients), strict=True):
        error = (a.cpu().double() - b).abs().max() / b.abs().max().clamp_min(1)
        assert error <= allowed, (seed, options)
