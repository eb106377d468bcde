"""Folds: no plot, no tree on two sides; nested label fractions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from xmodal.benchmarks.trees.folds import labelled_subset, make_folds, stands
from xmodal.benchmarks.trees.sample import Window, read_samples
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError


def _sample(number: int, plot: str, tree: str) -> Sample:
    return Sample(str(number), {}, labels={"height": torch.tensor(1.0)}, meta={"plot": plot, "indvdID": tree})


@pytest.fixture
def samples() -> list[Sample]:
    """Thirty plots of seven trees, of which plots p00, p01, p02 share trees in a chain."""
    out = [_sample(10 * i + k, f"p{i:02d}", f"t{i}-{k}") for i in range(30) for k in range(7)]
    return [*out, _sample(900, "p01", "t0-0"), _sample(901, "p02", "t1-3")]


def test_plots_that_share_a_tree_are_one_stand(samples: list[Sample]) -> None:
    names = stands(samples)
    assert len(set(names)) == 28
    assert {n for n, s in zip(names, samples, strict=True) if s.meta["plot"] in ("p00", "p01", "p02")} == {"p00"}


def test_the_order_of_samples_does_not_change_a_stand(samples: list[Sample]) -> None:
    forward = {s.key: n for s, n in zip(samples, stands(samples), strict=True)}
    back = samples[::-1]
    assert forward == {s.key: n for s, n in zip(back, stands(back), strict=True)}


def test_no_plot_and_no_tree_is_on_two_sides(samples: list[Sample]) -> None:
    for fold in make_folds(stands(samples)):
        for field in ("plot", "indvdID"):
            sides = [{samples[i].meta[field] for i in part} for part in (fold.train, fold.validation, fold.test)]
            assert len(set.union(*sides)) == sum(len(side) for side in sides)


def test_every_sample_is_in_one_part_of_each_fold_and_tested_once(samples: list[Sample]) -> None:
    folds = make_folds(stands(samples))
    assert len(folds) == 5
    for fold in folds:
        together = np.sort(np.concatenate([fold.train, fold.validation, fold.test]))
        assert together.tolist() == list(range(len(samples)))
    assert np.sort(np.concatenate([f.test for f in folds])).tolist() == list(range(len(samples)))


def test_the_test_parts_are_those_of_scikit_learn(samples: list[Sample]) -> None:
    from sklearn.model_selection import GroupKFold

    groups = stands(samples)
    splitter = GroupKFold(5, shuffle=True, random_state=0)
    expected = [test.tolist() for _, test in splitter.split(groups, groups=groups)]
    assert [f.test.tolist() for f in make_folds(groups)] == expected


def test_validation_is_15_percent_of_the_training_groups(samples: list[Sample]) -> None:
    groups = np.array(stands(samples))
    for fold in make_folds(groups.tolist()):
        held, kept = len(set(groups[fold.validation])), len(set(groups[fold.train]))
        assert held == round(0.15 * (held + kept))


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(DataError, match="at least 10"):
        make_folds(["a", "b", "c"] * 10)


def test_label_fractions_are_nested_and_repeat() -> None:
    train = np.arange(100, 900, 2)
    parts = {f: labelled_subset(train, f, seed=3) for f in (0.1, 0.3, 1.0)}
    assert [len(parts[f]) for f in (0.1, 0.3, 1.0)] == [40, 120, 400]
    assert set(parts[0.1]) < set(parts[0.3]) < set(parts[1.0]) == set(train)
    np.testing.assert_array_equal(labelled_subset(train[::-1], 0.1, seed=3), parts[0.1])
    assert set(labelled_subset(train, 0.1, seed=4)) != set(parts[0.1])


def test_more_labels_than_crowns_are_refused() -> None:
    with pytest.raises(ConfigError, match="labelled = 9, but there are 4"):
        labelled_subset(np.arange(4), 9, 0)


@pytest.mark.slow
def test_the_real_folds_share_no_plot_no_tree_and_no_ground(data_root: Path) -> None:
    samples = read_samples(data_root / "idtrees2020", Window(image_px=8, most_points=8))
    names = stands(samples)
    assert len({s.meta["plot"] for s in samples}) == 82
    assert len(set(names)) == 62
    for fold in make_folds(names):
        for field in ("plot", "indvdID"):
            rest = {samples[i].meta[field] for part in (fold.train, fold.validation) for i in part}
            assert not rest & {samples[i].meta[field] for i in fold.test}
