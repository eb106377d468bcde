"""R2 and MAE against scikit-learn, and pooling over folds."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from xmodal.benchmarks.trees.metrics import mae, pool, r2
from xmodal.errors import DataError


@pytest.mark.parametrize("noise", [0.0, 1.0, 30.0])
def test_agree_with_scikit_learn(noise: float) -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(2, 40, 200)
    guess = truth + noise * rng.standard_normal(200)
    assert r2(guess, truth) == pytest.approx(r2_score(truth, guess), abs=1e-12)
    assert mae(guess, truth) == pytest.approx(mean_absolute_error(truth, guess), abs=1e-12)


def test_the_mean_scores_zero_and_arguments_are_not_symmetric() -> None:
    truth = np.array([1.0, 2.0, 6.0])
    assert r2(np.full(3, 3.0), truth) == 0
    guess = np.array([2.0, 3.0, 4.0])
    assert r2(guess, truth) != r2(truth, guess)


def test_pooling_restores_the_order() -> None:
    out = pool(4, [(np.array([2, 0]), np.array([20.0, 0.0])), (np.array([3, 1]), np.array([30.0, 10.0]))])
    assert out.tolist() == [0, 10, 20, 30]


@pytest.mark.parametrize(("second", "found"), [([1], "sample 2.*found 0"), ([1, 2, 0], "sample 0.*found 2")])
def test_a_sample_left_out_or_predicted_twice_is_refused(second: list[int], found: str) -> None:
    with pytest.raises(DataError, match=found):
        pool(3, [(np.array([0]), np.zeros(1)), (np.array(second), np.zeros(len(second)))])


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 1)), np.array([np.nan, 1.0])])
def test_bad_predictions_are_refused(bad: np.ndarray) -> None:
    for metric in (r2, mae):
        with pytest.raises(DataError):
            metric(bad, np.array([1.0, 2.0]))


def test_one_true_value_has_no_r2() -> None:
    with pytest.raises(DataError, match="values that differ"):
        r2(np.array([1.0, 2.0]), np.array([3.0, 3.0]))
