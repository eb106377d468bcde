"""Five folds that share no ground and no tree, and nested subsets of their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.trees.layout import geo_package
from xmodal.data.benchmark import Split
from xmodal.data.labelled import count_of, group_name, split_name
from xmodal.data.sample import Sample
from xmodal.errors import DataError

N_FOLDS = 5
VALIDATION_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Fold:
    """Sample numbers, each sorted; the three parts share no group and together hold every sample."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def stands(samples: Sequence[Sample]) -> list[str]:
    """[n]: the stand of every sample: plots that share a tree are one stand, named by its first plot.

    Some plots lie a metre apart, and a crown across their border is listed in both (93 crowns of 46 trees): folds by
    plot alone would test on trees that were trained on.
    """
    above: dict[str, str] = {}

    def top(plot: str) -> str:
        while above.setdefault(plot, plot) != plot:
            plot = above[plot]
        return plot

    first_plot: dict[str, str] = {}
    for sample in samples:
        plot = sample.meta["plot"]
        a, b = top(plot), top(first_plot.setdefault(sample.meta["indvdID"], plot))
        above[max(a, b)] = min(a, b)
    return [top(sample.meta["plot"]) for sample in samples]


def make_folds(groups: Sequence[str]) -> list[Fold]:
    """GroupKFold(5, shuffle=True, random_state=0); of each training part, 15 % of the groups become validation.

    Args:
        groups: [n] the group of every sample, from `stands`.
    """
    selection = geo_package("sklearn.model_selection")
    names = np.array(groups)
    if len(np.unique(names)) < 2 * N_FOLDS:
        found = f"{len(np.unique(names))} of them"
        raise DataError("groups", expected=f"at least {2 * N_FOLDS} different ones", found=found)
    splitter = selection.GroupKFold(N_FOLDS, shuffle=True, random_state=0)
    folds = []
    for number, (rest, test) in enumerate(splitter.split(names, groups=names)):
        own = np.unique(names[rest])
        n_validation = max(round(VALIDATION_SHARE * len(own)), 1)
        chosen = np.random.default_rng(number).permutation(own)[:n_validation]
        held = np.isin(names[rest], chosen)
        folds.append(Fold(train=rest[~held], validation=rest[held], test=np.sort(test)))
    return folds


def labelled_subset(train: NDArray[np.int64], amount: int | float, seed: int) -> NDArray[np.int64]:
    """The training crowns whose label is kept, drawn by crown; the smaller amount is part of the larger.

    Args:
        train: sample numbers.
        amount: a number, or a share of them.
        seed: another seed, another draw.

    Returns:
        that many of the numbers, at least one, sorted.
    """
    order = np.random.default_rng(seed).permutation(np.sort(train))
    return np.sort(order[: count_of("trees", amount, len(order))])


def fold_splits(
    samples: Sequence[Sample], groups: Sequence[str], amounts: Sequence[int | float], seed: int
) -> list[Split]:
    """A split for each amount of labels and fold; the folds of one amount are scored together.

    Args:
        groups: [n] the group of every sample; amounts: from `check_labelled`.
    """
    folds, splits = make_folds(groups), []
    for amount in amounts:
        for number, fold in enumerate(folds):
            known = set(labelled_subset(fold.train, amount, seed).tolist())
            train, val, test = ([samples[i] for i in part] for part in (fold.train, fold.validation, fold.test))
            labelled = [position for position, i in enumerate(fold.train.tolist()) if i in known]
            name = f"{split_name(amount)}-fold{number}"
            splits.append(Split(name, train, val, test, labelled, group=group_name(amount)))
    return splits
