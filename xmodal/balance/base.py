"""What every balance shares: weights by name, the check of names, and the rules for an arm without teachers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from xmodal.balance.schedules import Weight, check_weight, weight_at
from xmodal.bus import Frame
from xmodal.errors import ConfigError

WIDE = (torch.float32, torch.float64)


class Balance(nn.Module):
    """Turns the named terms of a step into the one loss that is minimised. Weights live here and nowhere else.

    Terms are [B] or scalars. Parameters and buffers of a balance are optimised, saved and resumed with the rest. In
    eval mode nothing is drawn at random and no running statistic moves.

    Args:
        weights: by term ("soft/segmentation") or by the part before the slash ("soft"): a number from 0, or a schedule
            of it over the phase; a term that is not named weighs 1. A name that fits no term is an error, so that a
            misspelt weight cannot pass.
    """

    def __init__(self, weights: Mapping[str, Weight] | None = None) -> None:
        super().__init__()
        self.weights = dict(weights or {})
        for name, weight in self.weights.items():
            check_weight(name, weight)
        self.checked: tuple[str, ...] = ()

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        raise NotImplementedError

    def supervised(self) -> Balance:
        """The same rules for the tasks alone: what an arm without teachers is trained with."""
        raise NotImplementedError

    def weight_of(self, term: str, progress: float) -> float:
        """The weight of one term: its own name first, then its group's, else 1."""
        return weight_at(self.weights.get(term, self.weights.get(group_of(term), 1.0)), progress)

    def task_weights(self) -> dict[str, Weight]:
        """Those of `weights` that are of tasks."""
        return {name: weight for name, weight in self.weights.items() if group_of(name) == "task"}

    def check(self, terms: Mapping[str, Tensor]) -> None:
        """Every name in `weights` fits a term.

        Raises:
            ConfigError: otherwise; it lists the terms.
        """
        names = tuple(terms)
        if names == self.checked:
            return
        for name in self.weights:
            fitting(name, terms, "weight")
        self.checked = names

    def means(self, terms: Mapping[str, Tensor], frame: Frame) -> dict[str, Tensor]:
        """weight x mean of each term: scalars in float32 or wider."""
        means = {}
        for name, term in terms.items():
            weight, mean = self.weight_of(name, frame.progress), scalar(term)
            means[name] = mean if weight == 1 else weight * mean
        return means

    def per_sample(self, names: Sequence[str], terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        """[B]: the weighted sum of the named terms, each of which has a value per sample.

        Raises:
            ConfigError: a term is a scalar.
        """
        for name in names:
            if terms[name].ndim != 1:
                raise ConfigError(f"{type(self).__name__} needs a value per sample, but term {name!r} is a scalar")
        return add(self.weight_of(name, frame.progress) * lifted(terms[name]) for name in names)


def group_of(term: str) -> str:
    """The part of a term's name before the slash: the distiller's name, or "task"."""
    return term.split("/")[0]


def fitting(name: str, terms: Iterable[str], kind: str = "term") -> list[str]:
    """The term of that name, or those of that group.

    Raises:
        ConfigError: there is none; it lists the terms.
    """
    known = list(terms)
    found = [name] if name in known else [term for term in known if group_of(term) == name]
    if not found:
        raise ConfigError(f"balance {kind} {name!r} fits no term; terms: {', '.join(sorted(known))}")
    return found


def assign(groups: Mapping[str, Sequence[str]], terms: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """By group: the terms that its names fit; and the terms of no group.

    Raises:
        ConfigError: a name fits no term, or a term falls in two groups.
    """
    known, owner = list(terms), dict[str, str]()
    for group, names in groups.items():
        for term in (term for name in names for term in fitting(name, known)):
            if term in owner:
                raise ConfigError(f"balance: term {term!r} is named twice, in {owner[term]!r} and in {group!r}")
            owner[term] = group
    members = {group: [term for term in known if owner.get(term) == group] for group in groups}
    return members, [term for term in known if term not in owner]


def several(owner: str, names: Sequence[str]) -> tuple[str, ...]:
    """Names of terms as a tuple.

    Raises:
        ConfigError: a single text, or none at all.
    """
    if isinstance(names, str) or not names:
        raise ConfigError(f"{owner}: expected several names of terms such as ('soft',), found {names!r}")
    return tuple(names)


def lifted(x: Tensor) -> Tensor:
    """x in float32 at least: half precision has too few digits for sums."""
    return x if x.dtype in WIDE else x.to(torch.promote_types(x.dtype, torch.float32))


def scalar(term: Tensor) -> Tensor:
    """The mean of a term [B], or the term that is a scalar, in float32 at least."""
    return lifted(term).mean() if term.ndim else lifted(term)


def add(parts: Iterable[Tensor]) -> Tensor:
    """The sum of one or more tensors."""
    first, *others = parts
    return sum(others, start=first)


def mean_of(values: Tensor, kept: Tensor) -> Tensor:
    """The mean of values [B, ...] over the kept rows and everything else, 0 when none is kept."""
    rows = kept.reshape(-1, *(1,) * (values.ndim - 1))
    return torch.where(rows, values, 0).sum() / (kept.sum() * values[0].numel()).clamp_min(1)
