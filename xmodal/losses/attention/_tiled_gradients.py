"""The gradients of the divergence of two attention maps, from tiles that are computed again.

With P = 2^(S - log2 l), upstream g of a row and its divergence L:
forward  dS = g (P_student - P_teacher);
reverse  dS = g P_student (log P_student - log P_teacher - L).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from xmodal.losses.attention._maps import BITS, AttentionMap, Direction, Rows, Sight
from xmodal.losses.attention._threads import in_threads
from xmodal.losses.attention._tiles import Share, Tiles, shares


def student_gradients(
    student: AttentionMap, teacher: AttentionMap, rows: Rows, upstream: Tensor, sight: Sight, *, direction: Direction
) -> tuple[Tensor, Tensor]:
    """Of sum(upstream * divergence in nats) to the student's queries [G, Nq, D] and keys [G, Nk, D].

    Args:
        student, teacher: the two maps.
        rows: what `kl_rows` gave for them, sight and direction.
        upstream: [G, Nq], zero for rows that do not count, in the dtype of the computation.
        sight: which keys count.
        direction: of the divergence.
    """
    grad_query = torch.zeros_like(student.query, dtype=upstream.dtype)
    grad_key = torch.zeros_like(student.key, dtype=upstream.dtype)
    slope = _forward_slope if direction == "forward" else _reverse_slope

    def add(share: Share) -> Tensor:
        own = torch.zeros_like(grad_key) if share.keys_shared else grad_key
        tiles = Tiles(student, sight, upstream.dtype, buffers=2)
        for at in share.query_tiles:
            query, query_teacher = tiles.query(student, at), tiles.query(teacher, at)
            here = Rows(*(x[at].unsqueeze(-1) for x in (rows.kl, rows.student, rows.teacher)))  # [g, m, 1]
            weight = upstream[at].unsqueeze(-1)
            weighed, grad = query * weight, torch.zeros_like(query)
            for tile in tiles.key_tiles(at):
                key = tiles.key(student, tile)
                s = tiles.product(0, query, key)
                t = tiles.product(1, query_teacher, tiles.key(teacher, tile))
                slope(s, t, here, tile.hidden)
                grad.baddbmm_(s, key)
                own[tile.at].baddbmm_(s.transpose(1, 2), weighed, alpha=1 / BITS)
            grad_query[at] = grad.mul_(weight * student.scale)
        return own

    for own in in_threads(add, shares(student, sight)):
        if own is not grad_key:
            grad_key.add_(own)
    return grad_query, grad_key


def _forward_slope(s: Tensor, t: Tensor, rows: Rows, hidden: Tensor | None) -> None:
    """Turns student logits into dS / g in place; spoils the teacher's."""
    _probabilities(s, rows.student, hidden)
    _probabilities(t, rows.teacher, hidden)
    s.sub_(t)


def _reverse_slope(s: Tensor, t: Tensor, rows: Rows, hidden: Tensor | None) -> None:
    ratio = torch.sub(s, t, out=t).sub_(rows.student - rows.teacher + rows.kl)  # bits; finite, also where hidden
    _probabilities(s, rows.student, hidden)
    s.mul_(ratio.mul_(math.log(2)))


def _probabilities(logits: Tensor, normaliser: Tensor, hidden: Tensor | None) -> None:
    if hidden is not None:
        logits.add_(hidden)
    logits.sub_(normaliser).exp2_()
