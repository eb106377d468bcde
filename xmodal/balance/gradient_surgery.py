"""PCGrad: where the gradients of two losses point against each other, each gives up what the other would undo.

Yu et al.: Gradient Surgery for Multi-Task Learning, arXiv 2001.06782. Evidence: recalled (the projection); doing it at
the student's features instead of its parameters is ours, after the upper bound of Sener and Koltun, arXiv 1810.04650.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from xmodal.balance.base import Balance, add, assign, group_of, several
from xmodal.balance.schedules import Weight
from xmodal.bus import Embedding, Frame

Order = Literal["random", "fixed"]


class GradientSurgery(Balance):
    """The sum of weight x mean(term), whose gradient is edited where it enters the student's features.

    Features are the student's tokens and pooled vector; tokens alone if the pooled vector is made of them. For each
    group of terms g_k is the gradient of its loss there. From g_k is taken, for the others in turn, the part that
    points against g_j: g_k - min(0, g_k . g_j) / |g_j|^2 g_j; the sum of the results is what the student's encoder
    gets. Everything else, parameters after the features (heads, projectors, distillers) and terms that do not pass
    through them (hidden layers, peers), gets its plain gradient; terms of no group count, but are not edited.

    The value is the plain weighted sum, and so is every gradient if no two groups conflict. Conflicts between terms at
    tokens and terms at a pooled vector that is not made of these tokens are not seen. The graph of the terms is
    walked once more per group, that of the encoder never.

    Args:
        groups: by any name: its terms or groups of terms; each term by itself if None.
        order: "random" visits the others in an order drawn anew each time from torch's random state, as the paper
            does; "fixed" in the order of `groups`.
        weights: of terms.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]] | None = None,
        *,
        order: Order = "random",
        weights: Mapping[str, Weight] | None = None,
    ) -> None:
        super().__init__(weights)
        if order not in get_args(Order):
            raise ValueError(f'unknown order {order!r}; known: "random", "fixed"')
        self.groups = groups and {name: several(f"groups.{name}", terms) for name, terms in groups.items()}
        self.order: Order = order

    def supervised(self) -> Balance:
        """The same surgery between the groups of tasks."""
        tasks = {k: [n for n in names if group_of(n) == "task"] for k, names in (self.groups or {}).items()}
        left = {name: names for name, names in tasks.items() if names}
        return GradientSurgery(None if self.groups is None else left, order=self.order, weights=self.task_weights())

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        self.check(terms)
        means = self.means(terms, frame)
        total = add(means.values())
        groups = {name: (name,) for name in terms} if self.groups is None else self.groups
        members, _ = assign(groups, terms)
        features = cut(frame.student) if len(members) > 1 and torch.is_grad_enabled() else []
        found = [_gradients(add(means[n] for n in names), features) for names in members.values()]
        read = [i for i in range(len(features)) if any(of_group[i] is not None for of_group in found)]
        if not read:
            return total
        features = [features[i] for i in read]
        rows = torch.stack([_row([of_group[i] for i in read], features, total.dtype) for of_group in found])  # [K, P]
        with torch.autocast(rows.device.type, enabled=False):
            share = combination(rows @ rows.T, self._orders(len(rows)))
            edit = (share - 1) @ rows  # [P]: what the surgery changes
        parts = torch.split(edit, [x.numel() for x in features])
        change = add((x * part.view_as(x)).sum() for x, part in zip(features, parts, strict=True))
        return total + (change - change.detach())

    def _orders(self, count: int) -> list[list[int]]:
        rows = [[j for j in range(count) if j != i] for i in range(count)]
        if self.order == "fixed" or not self.training:
            return rows
        return [[row[j] for j in torch.randperm(len(row)).tolist()] for row in rows]


def combination(products: Tensor, orders: Sequence[Sequence[int]]) -> Tensor:
    """[K]: how often each gradient stands in the sum after surgery; all 1 if no two conflict.

    Projections need the inner products of the gradients only, for every intermediate result is a sum of them.

    Args:
        products: [K, K], all inner products.
        orders: for each gradient, the others in the order in which it is compared with them.
    """
    shares = torch.eye(len(products), dtype=products.dtype, device=products.device)
    for own, others in enumerate(orders):
        for other in others:
            length = products[other, other]
            against = (shares[own] @ products[other]).clamp_max(0)
            shares[own, other] -= torch.where(length > 0, against / length, 0)
    return shares.sum(0)


def cut(student: Embedding) -> list[Tensor]:
    """The features that stand between the student's encoder and the terms, none of them made of another."""
    tokens = None if student.tokens is None or not student.tokens.x.requires_grad else student.tokens.x
    pooled = None if student.pooled is None or not student.pooled.requires_grad else student.pooled
    if tokens is not None and pooled is not None and _made_of(pooled, tokens):
        return [tokens]
    return [x for x in (tokens, pooled) if x is not None]


def _made_of(late: Tensor, early: Tensor) -> bool:
    (gradient,) = torch.autograd.grad(late.sum(), early, retain_graph=True, allow_unused=True)
    return gradient is not None


def _gradients(loss: Tensor, features: Sequence[Tensor]) -> Sequence[Tensor | None]:
    """The gradient at each feature, None where the loss does not depend on it."""
    if not features or not loss.requires_grad:
        return [None] * len(features)
    return torch.autograd.grad(loss, features, retain_graph=True, allow_unused=True)


def _row(gradients: Sequence[Tensor | None], features: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
    """[P]: all of them behind one another, zeros for None."""
    filled = [torch.zeros_like(x) if g is None else g for x, g in zip(features, gradients, strict=True)]
    return torch.cat([g.flatten().to(dtype) for g in filled])
