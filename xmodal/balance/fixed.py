"""Fixed weights: the sum of weight times mean of each term."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.bus import Frame
from xmodal.errors import ConfigError


class FixedWeights(nn.Module):
    """sum over terms of weight x mean(term).

    Args:
        weights: by term ("soft/segmentation") or by the part before the slash ("soft"); a term that is not named
            weighs 1. A name that fits no term is an error, so that a misspelt weight cannot pass.
    """

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.weights = dict(weights or {})
        for name, weight in self.weights.items():
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
                raise ConfigError(f"balance weight {name!r}: expected a number from 0, found {weight!r}")

    def supervised(self) -> FixedWeights:
        """The same weights for the tasks alone: what an arm without teachers is trained with."""
        return FixedWeights({name: w for name, w in self.weights.items() if name.split("/")[0] == "task"})

    def weight_of(self, term: str) -> float:
        """The weight of one term: its own name first, then its group's, else 1."""
        return self.weights.get(term, self.weights.get(term.split("/")[0], 1.0))

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        known = set(terms) | {name.split("/")[0] for name in terms}
        for name in self.weights:
            if name not in known:
                raise ConfigError(f"balance weight {name!r} fits no term; terms: {', '.join(sorted(terms))}")
        parts = [self.weight_of(name) * term.mean() for name, term in terms.items()]
        return sum(parts[1:], start=parts[0])
