"""The student attends where the teacher attends; neither attention map is ever held in memory.

StreamKL, arXiv 2606.20005: both normalisers and the divergence in one sweep over the keys, the backward pass from
tiles that are computed again. Evidence: paper.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_positive
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses.attention._maps import Direction, Sight
from xmodal.losses.attention._shapes import check_maps, spread_mask
from xmodal.losses.attention._streamed import StreamedKL, kernels_for

CausalAlign = Literal["bottom_right", "top_left"]


def attention_kl_loss(
    student_query: Tensor,
    student_key: Tensor,
    teacher_query: Tensor,
    teacher_key: Tensor,
    *,
    direction: Direction = "forward",
    student_scale: float | None = None,
    teacher_scale: float | None = None,
    causal: bool = False,
    causal_align: CausalAlign = "bottom_right",
    reduction: Reduction = "mean",
    query_mask: Tensor | None = None,
    key_mask: Tensor | None = None,
) -> Tensor:
    """KL between softmax(scale query key^T) of teacher and student: sum over keys, mean over query rows.

    Zero when the logits of each row differ by one constant. Unchanged when one vector is added to all keys of a side,
    or when query and key of a side are rotated together.

    Memory beyond inputs and gradients: some tiles and three numbers a query row, whatever the number of keys; on a CPU
    with several threads also the gradient of the keys once a thread, where there are too few maps to give each thread
    its own. The logits are computed twice in training.

    On a GPU with Triton installed its kernels are taken, for widths up to 256 and all types but float64; there
    gradients of bfloat16 inputs are sums of products that were rounded to bfloat16.

    Args:
        student_query: [..., Nq, D]; what precedes Nq (batch, heads) is the same for all four tensors.
        student_key: [..., Nk, D].
        teacher_query: [..., Nq, D'] with a width of its own; gets no gradient.
        teacher_key: [..., Nk, D']; gets no gradient.
        direction: "forward" for KL(teacher || student), "reverse" for KL(student || teacher).
        student_scale: > 0, multiplies the student's logits; 1 / sqrt(D) if None. The source writes 1.
        teacher_scale: > 0, the teacher's; 1 / sqrt(D') if None.
        causal: whether a query sees no later key.
        causal_align: what is later when Nq and Nk differ: with "bottom_right" the last query sees all keys, with
            "top_left" the first query sees the first key only.
        reduction: "mean" over all rows that count; "none" for [..., Nq], zero where masked.
        query_mask: [..., Nq] bool, True for what counts; dimensions it lacks before Nq, such as heads, are shared.
        key_mask: [..., Nk] bool, likewise; masked keys are seen by nobody, and may hold NaN. A row without any key to
            see is zero, and counts in the mean unless the query mask leaves it out.

    Returns:
        A scalar, or [..., Nq], in nats; float32, or float64 if any input is.

    Raises:
        ValueError: shapes or masks that do not fit, a scale <= 0, an unknown direction, alignment or reduction.
    """
    check_maps(student_query, student_key, teacher_query, teacher_key)
    check_known("direction", direction, get_args(Direction))
    check_known("causal_align", causal_align, get_args(CausalAlign))
    query_mask = spread_mask(query_mask, "query_mask", student_query.shape[:-1])
    key_mask = spread_mask(key_mask, "key_mask", student_key.shape[:-1])
    scales = (
        _scale("student_scale", student_scale, student_query),
        _scale("teacher_scale", teacher_scale, teacher_query),
    )
    last = _last_seen(student_query.shape[-2], student_key.shape[-2], causal_align)
    sight = Sight(last if causal else None, None if key_mask is None else _grouped(key_mask, 1))
    queries = (blank(x, query_mask) for x in (student_query, teacher_query.detach()))
    tensors = [_grouped(x, 2) for pair in zip(queries, (student_key, teacher_key.detach()), strict=True) for x in pair]
    rows = StreamedKL.apply(*tensors, scales, sight, direction, kernels_for(*tensors))  # [G, Nq]
    return reduce_items(rows.view(student_query.shape[:-1]), query_mask, reduction)


def _scale(name: str, given: float | None, query: Tensor) -> float:
    if given is None:
        return 1 / math.sqrt(query.shape[-1])
    check_positive(name, given)
    return given


def _last_seen(queries: int, keys: int, align: CausalAlign) -> int:
    """The last key that query 0 sees."""
    return keys - queries if align == "bottom_right" else 0


def _grouped(x: Tensor, dims: int) -> Tensor:
    """[G, ...]: all but the last dimensions in one."""
    return x.flatten(0, -dims - 1) if x.ndim > dims else x.unsqueeze(0)


class AttentionKLLoss(nn.Module):
    """`attention_kl_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        direction: Direction = "forward",
        student_scale: float | None = None,
        teacher_scale: float | None = None,
        causal: bool = False,
        causal_align: CausalAlign = "bottom_right",
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.direction: Direction = direction
        self.student_scale = student_scale
        self.teacher_scale = teacher_scale
        self.causal = causal
        self.causal_align: CausalAlign = causal_align
        self.reduction: Reduction = reduction

    def forward(
        self,
        student_query: Tensor,
        student_key: Tensor,
        teacher_query: Tensor,
        teacher_key: Tensor,
        *,
        query_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
    ) -> Tensor:
        return attention_kl_loss(
            student_query,
            student_key,
            teacher_query,
            teacher_key,
            direction=self.direction,
            student_scale=self.student_scale,
            teacher_scale=self.teacher_scale,
            causal=self.causal,
            causal_align=self.causal_align,
            reduction=self.reduction,
            query_mask=query_mask,
            key_mask=key_mask,
        )
