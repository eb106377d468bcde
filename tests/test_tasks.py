"""Targets in a model's own tokens, losses that ignore the unknown, metrics against outside libraries."""

import pytest
import torch

from xmodal.bus import Tokens
from xmodal.data.batch import Ragged
from xmodal.tasks import Classification, DenseRegression, Regression, Segmentation

THREE = ("road", "car", "tree")


def test_a_patch_takes_its_most_frequent_class_and_ignores_sky():
    pixels = torch.tensor([[[0, 0, -1, -1], [1, 0, -1, 2]]])
    target = Segmentation(THREE).targets({"image": pixels}, Tokens(torch.zeros(1, 2, 1), grid=(1, 2), key="image"))
    assert target.tolist() == [[0, 2]]


def test_a_patch_of_sky_alone_is_ignored():
    pixels = torch.full((1, 2, 2), -1)
    target = Segmentation(THREE).targets({"image": pixels}, Tokens(torch.zeros(1, 1, 1), grid=(1, 1), key="image"))
    assert target.tolist() == [[-1]]


def test_a_voxel_takes_the_class_of_its_points_although_other_samples_have_more():
    labels = {"lidar": Ragged(torch.tensor([2, 2, 1]), torch.tensor([3, 0]))}  # the second sample is unlabelled
    tokens = Tokens(torch.zeros(2, 2, 1), of=torch.tensor([[0, 0, 1, -1], [0, 1, 1, 1]]), key="lidar")
    assert Segmentation(THREE).targets(labels, tokens).tolist() == [[2, 1], [-1, -1]]


def test_dense_values_average_over_known_pixels():
    depth = torch.tensor([[[2.0, 4.0, float("nan"), float("nan")]]])
    tokens = Tokens(torch.zeros(1, 2, 1), grid=(1, 2), key="image")
    target = DenseRegression("m").targets({"image": depth}, tokens)
    assert target[0, 0] == 3.0
    assert target[0, 1].isnan()


def test_labels_of_another_entry_are_named():
    with pytest.raises(KeyError, match="no dense labels for entry 'lidar'"):
        Segmentation(THREE).targets({"image": torch.zeros(1, 2, 2)}, Tokens(torch.zeros(1, 1, 1), key="lidar"))


@pytest.mark.parametrize("task", [Classification(THREE), Regression(), Segmentation(THREE), DenseRegression()])
def test_a_sample_without_known_targets_costs_nothing(task):
    output = task.head(5)(torch.randn(2, 5) if task.level == "pooled" else torch.randn(2, 4, 5))
    unknown = -1 if isinstance(task, (Classification, Segmentation)) else float("nan")
    target = torch.full(output.shape[:2] if task.level == "tokens" else (2,), unknown)
    loss = task.loss(output, target)
    assert loss.tolist() == [0.0, 0.0]
    loss.sum().backward()


def test_miou_equals_the_textbook_formula():
    answer, target = torch.randint(0, 3, (500,)), torch.randint(-1, 3, (500,))
    ious = []
    for c in range(3):
        hit = ((answer == c) & (target == c)).sum()
        wrong = ((answer == c) & (target != c) & (target != -1)).sum()
        missed = ((answer != c) & (target == c)).sum()
        ious.append(float(hit / (hit + wrong + missed)))
    found = Segmentation(THREE).metrics(answer, target)
    assert found["mIoU"] == pytest.approx(sum(ious) / 3)
    assert found["IoU car"] == pytest.approx(ious[1])


def test_r2_and_mae_agree_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    answer, target = torch.randn(200), torch.randn(200)
    target[5] = float("nan")
    keep = target.isfinite()
    found = Regression("m").metrics(answer, target)
    assert found["R2"] == pytest.approx(sklearn.r2_score(target[keep], answer[keep]), abs=1e-6)
    assert found["MAE"] == pytest.approx(sklearn.mean_absolute_error(target[keep], answer[keep]), abs=1e-6)


def test_balanced_accuracy_agrees_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    answer, target = torch.randint(0, 3, (300,)), torch.randint(0, 3, (300,))
    found = Classification(THREE).metrics(answer, target)
    assert found["balanced accuracy"] == pytest.approx(sklearn.balanced_accuracy_score(target, answer))


def test_a_regression_head_answers_in_the_labels_unit():
    task = Regression("m", offset=18.0, scale=6.0)
    head = task.head(4)
    torch.nn.init.zeros_(head[0].weight)
    torch.nn.init.zeros_(head[0].bias)
    assert head(torch.randn(2, 4)).tolist() == [18.0, 18.0]
