"""Triton kernels of the streamed divergence: a program takes one block of queries, or of keys for their gradient.

All tensors are contiguous: queries [G, NQ, D], keys [G, NK, D], row values [G, NQ] in bits. W is D rounded up to a
power of two. No annotations postponed: Triton reads them.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call"

import triton
import triton.language as tl


@triton.jit
def _load_rows(base, group, rows, count, D: tl.constexpr, W: tl.constexpr):
    """[rows, W] of a [G, count, D] tensor, zeros outside it."""
    columns = tl.arange(0, W)
    inside = (rows < count)[:, None] & (columns < D)[None, :]
    at = base + group.to(tl.int64) * count * D + rows[:, None] * D + columns[None, :]
    return tl.load(at, mask=inside, other=0.0)


@triton.jit
def _load_keys(base, group, keys, counts, NK, D: tl.constexpr, W: tl.constexpr):
    """[keys, W], zeros where a key does not count: a NaN there must not leak."""
    return tl.where(counts[:, None], _load_rows(base, group, keys, NK, D, W), 0.0)


@triton.jit
def _count_keys(key_mask, group, keys, NK, MASKED: tl.constexpr):
    """[keys] bool."""
    counts = keys < NK
    if MASKED:
        counts = counts & (tl.load(key_mask + group.to(tl.int64) * NK + keys, mask=counts, other=0) != 0)
    return counts


@triton.jit
def _see(queries, keys, counts, last, CAUSAL: tl.constexpr):
    """[queries, keys] bool: which key counts for which query."""
    seen = counts[None, :] & (queries >= 0)[:, None]
    if CAUSAL:
        seen = seen & (keys[None, :] <= queries[:, None] + last)
    return seen


@triton.jit
def _logits(query, key, scale):
    """[queries, keys] in bits."""
    return tl.dot(query, tl.trans(key), input_precision="ieee") * scale


@triton.jit
def _add(total, top, s, seen):
    """Running sum and maximum of rows after a tile, its powers of two, and what earlier ones shrink by."""
    s = tl.where(seen, s, -float("inf"))
    new = tl.maximum(top, tl.max(s, 1))
    powers = tl.exp2(s - new[:, None])
    shrink = tl.exp2(top - new)
    return total * shrink + tl.sum(powers, 1), new, powers, shrink


@triton.jit
def _slope(s, t, seen, log_student, log_teacher, kl, REVERSE: tl.constexpr):
    """dS / upstream of a tile from the logits of student and teacher."""
    student = tl.where(seen, tl.exp2(s - log_student[:, None]), 0.0)
    if REVERSE:
        ratio = s - t - (log_student - log_teacher + kl)[:, None]
        return student * ratio * 0.6931471805599453
    return student - tl.where(seen, tl.exp2(t - log_teacher[:, None]), 0.0)


@triton.jit
def rows_kernel(
    q1, k1, q2, k2, key_mask, kl, log1, log2, NQ, NK, last, scale1, scale2,
    D1: tl.constexpr, D2: tl.constexpr, W1: tl.constexpr, W2: tl.constexpr,
    BQ: tl.constexpr, BK: tl.constexpr, CAUSAL: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    """KL(first || second) and both normalisers of BQ rows."""
    blocks = tl.cdiv(NQ, BQ)
    group, block = tl.program_id(0) // blocks, tl.program_id(0) % blocks
    queries = block * BQ + tl.arange(0, BQ)
    query1 = _load_rows(q1, group, queries, NQ, D1, W1)
    query2 = _load_rows(q2, group, queries, NQ, D2, W2)
    # Finite, so that rows that have seen nothing form no difference of infinities.
    top1 = tl.full([BQ], -1e30, tl.float32)
    top2 = tl.full([BQ], -1e30, tl.float32)
    sum1 = tl.zeros([BQ], tl.float32)
    sum2 = tl.zeros([BQ], tl.float32)
    acc = tl.zeros([BQ], tl.float32)
    end = NK
    if CAUSAL:
        end = tl.minimum(NK, (block + 1) * BQ + last)
    for start in range(0, end, BK):
        keys = start + tl.arange(0, BK)
        counts = _count_keys(key_mask, group, keys, NK, MASKED)
        seen = _see(queries, keys, counts, last, CAUSAL)
        s1 = _logits(query1, _load_keys(k1, group, keys, counts, NK, D1, W1), scale1)
        s2 = _logits(query2, _load_keys(k2, group, keys, counts, NK, D2, W2), scale2)
        sum1, top1, powers, shrink = _add(sum1, top1, s1, seen)
        sum2, top2, _, _ = _add(sum2, top2, s2, seen)
        acc = acc * shrink + tl.sum(powers * (s1 - s2), 1)
    some = sum1 > 0
    sum1 = tl.where(some, sum1, 1.0)
    normaliser1 = tl.where(some, top1 + tl.log2(sum1), 0.0)
    normaliser2 = tl.where(some, top2 + tl.log2(tl.where(some, sum2, 1.0)), 0.0)
    at = group.to(tl.int64) * NQ + queries
    tl.store(kl + at, acc / sum1 + normaliser2 - normaliser1, mask=queries < NQ)
    tl.store(log1 + at, normaliser1, mask=queries < NQ)
    tl.store(log2 + at, normaliser2, mask=queries < NQ)


@triton.jit
def query_gradient_kernel(
    qs, ks, qt, kt, key_mask, kl, log_student, log_teacher, upstream, grad,
    NQ, NK, last, scale_student, scale_teacher, scale,
    DS: tl.constexpr, DT: tl.constexpr, WS: tl.constexpr, WT: tl.constexpr,
    BQ: tl.constexpr, BK: tl.constexpr, CAUSAL: tl.constexpr, MASKED: tl.constexpr,
    REVERSE: tl.constexpr, OPERAND: tl.constexpr,
):  # fmt: skip
    """Gradient of the student's queries, BQ rows of float32."""
    blocks = tl.cdiv(NQ, BQ)
    group, block = tl.program_id(0) // blocks, tl.program_id(0) % blocks
    queries = block * BQ + tl.arange(0, BQ)
    inside = queries < NQ
    at = group.to(tl.int64) * NQ + queries
    row_kl = tl.load(kl + at, mask=inside, other=0.0)
    row_student = tl.load(log_student + at, mask=inside, other=0.0)
    row_teacher = tl.load(log_teacher + at, mask=inside, other=0.0)
    weight = tl.load(upstream + at, mask=inside, other=0.0) * scale
    query_student = _load_rows(qs, group, queries, NQ, DS, WS)
    query_teacher = _load_rows(qt, group, queries, NQ, DT, WT)
    acc = tl.zeros([BQ, WS], tl.float32)
    end = NK
    if CAUSAL:
        end = tl.minimum(NK, (block + 1) * BQ + last)
    for start in range(0, end, BK):
        keys = start + tl.arange(0, BK)
        counts = _count_keys(key_mask, group, keys, NK, MASKED)
        seen = _see(queries, keys, counts, last, CAUSAL)
        key = _load_keys(ks, group, keys, counts, NK, DS, WS)
        s = _logits(query_student, key, scale_student)
        t = _logits(query_teacher, _load_keys(kt, group, keys, counts, NK, DT, WT), scale_teacher)
        slope = _slope(s, t, seen, row_student, row_teacher, row_kl, REVERSE)
        acc += tl.dot(slope.to(OPERAND), key.to(OPERAND), input_precision="ieee")
    columns = tl.arange(0, WS)
    out = grad + group.to(tl.int64) * NQ * DS + queries[:, None] * DS + columns[None, :]
    tl.store(out, acc * weight[:, None], mask=inside[:, None] & (columns < DS)[None, :])


@triton.jit
def key_gradient_kernel(
    qs, ks, qt, kt, key_mask, kl, log_student, log_teacher, upstream, grad,
    NQ, NK, last, scale_student, scale_teacher, scale,
    DS: tl.constexpr, DT: tl.constexpr, WS: tl.constexpr, WT: tl.constexpr,
    BQ: tl.constexpr, BK: tl.constexpr, CAUSAL: tl.constexpr, MASKED: tl.constexpr,
    REVERSE: tl.constexpr, OPERAND: tl.constexpr,
):  # fmt: skip
    """Gradient of the student's keys, BK rows of float32."""
    blocks = tl.cdiv(NK, BK)
    group, block = tl.program_id(0) // blocks, tl.program_id(0) % blocks
    keys = block * BK + tl.arange(0, BK)
    counts = _count_keys(key_mask, group, keys, NK, MASKED)
    key_student = _load_keys(ks, group, keys, counts, NK, DS, WS)
    key_teacher = _load_keys(kt, group, keys, counts, NK, DT, WT)
    acc = tl.zeros([BK, WS], tl.float32)
    begin = 0
    if CAUSAL:
        begin = tl.maximum(0, block * BK - last) // BQ * BQ
    for start in range(begin, NQ, BQ):
        queries = start + tl.arange(0, BQ)
        inside = queries < NQ
        at = group.to(tl.int64) * NQ + queries
        row_kl = tl.load(kl + at, mask=inside, other=0.0)
        row_student = tl.load(log_student + at, mask=inside, other=0.0)
        row_teacher = tl.load(log_teacher + at, mask=inside, other=0.0)
        weight = tl.load(upstream + at, mask=inside, other=0.0)
        seen = _see(queries, keys, counts, last, CAUSAL)
        query = _load_rows(qs, group, queries, NQ, DS, WS)
        s = _logits(query, key_student, scale_student)
        t = _logits(_load_rows(qt, group, queries, NQ, DT, WT), key_teacher, scale_teacher)
        # Weighed before the product: rows that do not count must add nothing.
        slope = _slope(s, t, seen, row_student, row_teacher, row_kl, REVERSE) * weight[:, None]
        acc += tl.dot(tl.trans(slope).to(OPERAND), query.to(OPERAND), input_precision="ieee")
    columns = tl.arange(0, WS)
    out = grad + group.to(tl.int64) * NK * DS + keys[:, None] * DS + columns[None, :]
    tl.store(out, acc * scale, mask=(keys < NK)[:, None] & (columns < DS)[None, :])
