"""From result.json to estimates and comparisons."""

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from xmodal.errors import DataError
from xmodal.report.findings import findings
from xmodal.report.summary import ordered, summarise

Make = Callable[..., dict[str, Any]]


def test_arms_stand_in_the_order_of_the_audit(result: Make) -> None:
    (group,) = summarise(result()).groups
    assert [arm.name for arm in group.arms] == ["student", "self", "shuffled", "distilled", "teacher"]
    assert ordered(["teacher-b", "distilled", "x", "student"]) == ["student", "distilled", "teacher-b", "x"]


def test_numbers_are_those_of_the_seeds(result: Make) -> None:
    (group,) = summarise(result()).groups
    student, distilled = group.arm("student"), group.arm("distilled")
    assert student is not None
    assert distilled is not None
    assert student.headline.values == (0.40, 0.42, 0.44)
    assert student.others["accuracy"].mean == pytest.approx(0.62)
    assert student.classes == {"road": pytest.approx(0.52)}
    against = {c.other: c.over_seeds for c in group.comparisons}
    assert list(against) == ["student", "self", "shuffled"]
    assert against["self"].values == pytest.approx((0.07, 0.09, 0.10))
    assert group.gaps == {"teacher": pytest.approx(0.29 / 0.57)}


def test_per_class_scores_are_no_columns(result: Make) -> None:
    (group,) = summarise(result()).groups
    assert group.columns == ["accuracy"]


def test_a_second_task_is_named_in_its_columns(result: Make) -> None:
    content = result()
    for row in content["groups"]["all"].values():
        for tasks in row["metrics"]:
            tasks["depth"] = {"MAE": 1.0}
    (group,) = summarise(content).groups
    assert group.columns == ["semantics accuracy", "depth MAE"]
    assert group.classes == ["road"]


def test_a_class_that_a_seed_lacks_is_averaged_over_the_others(result: Make) -> None:
    content = result()
    del content["groups"]["all"]["student"]["metrics"][0]["semantics"]["IoU road"]
    student = summarise(content).groups[0].arm("student")
    assert student is not None
    assert student.classes["road"] == pytest.approx(np.mean([0.52, 0.54]))


def test_several_splits_are_also_compared_one_by_one(result: Make) -> None:
    (group,) = summarise(result(splits=4)).groups
    over = group.comparisons[0].over_splits
    assert over is not None
    assert over.count == 12
    assert over.mean == pytest.approx(0.29 / 3)
    assert summarise(result()).groups[0].comparisons[0].over_splits is None


def test_lower_is_better_turns_differences_and_gap(result: Make) -> None:
    worse = summarise(result(greater_is_better=False)).groups[0]
    assert worse.comparisons[0].over_seeds.mean < 0
    assert worse.gaps == {"teacher": None}


def test_each_teacher_has_its_gap(result: Make) -> None:
    scores = {"student": [0.4], "distilled": [0.5], "teacher": [0.6], "teacher-radar": [0.8]}
    (group,) = summarise(result(scores)).groups
    assert group.gaps == {"teacher": pytest.approx(0.5), "teacher-radar": pytest.approx(0.25)}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda r: r.pop("groups"), "groups"),
        (lambda r: r.update(metric=3), "metric"),
        (lambda r: r.update(greater_is_better="yes"), "greater_is_better"),
        (lambda r: r.update(seeds=[0, 1.5, 2]), "seeds"),
        (lambda r: r["groups"]["all"]["self"].pop("splits"), "groups.all.self.splits"),
        (lambda r: r["groups"]["all"]["self"]["metrics"].pop(), "groups.all.self.metrics"),
        (lambda r: r["groups"]["all"]["self"]["splits"].update(fold0=[1]), "groups.all.self.splits.fold0"),
        (lambda r: r["groups"]["all"]["self"]["metrics"][1]["semantics"].pop("mIoU"), "groups.all.self.metrics"),
        (lambda r: r["groups"]["all"]["self"]["metrics"][1]["semantics"].update(mIoU="x"), "semantics.mIoU"),
    ],
)
def test_a_damaged_field_is_named(result: Make, change: Callable[[Any], Any], where: str) -> None:
    content = result()
    change(content)
    with pytest.raises(DataError, match=rf"result\.json: \S*{where}: expected"):
        summarise(content)


def test_mutated_results_are_read_or_refused_with_a_data_error(result: Make) -> None:
    generator, base = random.Random(0), result(splits=2)
    read = refused = 0
    for _ in range(300):
        content = copy.deepcopy(base)
        node, key = generator.choice(list(_places(content)))
        node[key] = generator.choice([None, -1, "x", [], {}, 10**400, float("nan"), True, [[1]]])
        try:
            summary = summarise(content)
            assert all(findings(summary, group) for group in summary.groups)
            read += 1
        except DataError:
            refused += 1
    assert read > 20
    assert refused > 20


def _places(node: Any) -> Any:
    for key, value in list(node.items()) if isinstance(node, dict) else list(enumerate(node)):
        yield node, key
        if isinstance(value, (dict, list)):
            yield from _places(value)
