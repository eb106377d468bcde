"""Where the logits of a vocabulary come from, and what their gradients lead to, some tokens at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

LIFTED = 2**22
"""Numbers of a weight that are lifted to a wider type at a time."""


@dataclass(frozen=True, slots=True)
class Head:
    """Hidden states [N, D] with weight [V, D] and bias [V] or None; or logits [N, V] as they are, without a weight."""

    hidden: Tensor
    weight: Tensor | None
    bias: Tensor | None

    def detached(self) -> Head:
        """The same without gradients."""
        weight, bias = (None if x is None else x.detach() for x in (self.weight, self.bias))
        return Head(self.hidden.detach(), weight, bias)

    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(x for x in (self.hidden, self.weight, self.bias) if x is not None)

    def words(self) -> int:
        """V."""
        return self.hidden.shape[-1] if self.weight is None else len(self.weight)

    def logits(self, tokens: Tensor, dtype: torch.dtype) -> Tensor:
        """[n, V] of some tokens."""
        hidden = self.hidden[tokens].to(dtype)
        if self.weight is None:
            return hidden
        logits = hidden.new_empty(len(hidden), len(self.weight))
        for words, weight in lifted(self.weight, dtype):
            torch.mm(hidden, weight.T, out=logits[:, words])
        return logits if self.bias is None else logits.add_(self.bias.to(dtype))


def lifted(weight: Tensor, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor]]:
    """The weight in `dtype`, by slices of its words: a copy of all of it could be larger than the logits of a chunk."""
    count = len(weight) if weight.dtype == dtype else max(1, LIFTED // weight.shape[1])
    for v in range(0, len(weight), count):
        words = slice(v, min(v + count, len(weight)))
        yield words, weight[words].to(dtype)


class Gradients:
    """Of a student's hidden states and, where wanted, weight and bias, added up over chunks of tokens."""

    def __init__(self, student: Head, dtype: torch.dtype, *, weight: bool, bias: bool) -> None:
        assert student.weight is not None
        self.hidden = torch.zeros_like(student.hidden, dtype=dtype)
        self.weight = torch.zeros_like(student.weight, dtype=dtype) if weight else None
        self.bias = self.hidden.new_zeros(student.words()) if bias else None

    def add(self, student: Head, tokens: Tensor, slope: Tensor) -> None:
        """What the gradient at the logits of some tokens, [n, V], adds."""
        assert student.weight is not None
        hidden = student.hidden[tokens].to(slope.dtype)
        grad = torch.zeros_like(hidden)
        for words, weight in lifted(student.weight, slope.dtype):
            grad.addmm_(slope[:, words], weight)
        self.hidden[tokens] = grad
        if self.weight is not None:
            self.weight.addmm_(slope.T, hidden)
        if self.bias is not None:
            self.bias.add_(slope.sum(0))

    def all(self) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Of hidden states, weight, bias."""
        return self.hidden, self.weight, self.bias
