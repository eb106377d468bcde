"""What the report says in words."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from xmodal.report.findings import findings
from xmodal.report.summary import summarise

Make = Callable[..., dict[str, Any]]

FIVE = {
    "student": [0.40, 0.41, 0.42, 0.40, 0.41],
    "self": [0.42, 0.42, 0.43, 0.41, 0.42],
    "shuffled": [0.40, 0.41, 0.41, 0.40, 0.40],
    "distilled": [0.50, 0.51, 0.52, 0.49, 0.50],
    "teacher": [0.60, 0.61, 0.60, 0.60, 0.60],
}


def said(content: dict[str, Any]) -> str:
    summary = summarise(content)
    found = findings(summary, summary.groups[0])
    assert not any(f.good for f in found)
    return "\n".join(f.text for f in found)


def test_a_gain_over_all_controls_and_five_seeds_holds(result: Make) -> None:
    summary = summarise(result(FIVE))
    (found,) = findings(summary, summary.groups[0])
    assert found.good
    assert "student, self, shuffled" in found.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distilled": [0.50, 0.51, 0.52, 0.49, 0.40]}, "better than self in 4 of 5 seeds only"),
        ({"distilled": [0.30, 0.31, 0.32, 0.39, 0.30]}, "not better than the student alone (difference -0.084)"),
        ({"teacher": [0.40] * 5}, "The teacher is not better than the student alone"),
        ({"self": None}, "There is no self arm"),
        ({"shuffled": None}, "There is no shuffled arm"),
        ({"distilled": None}, "has no distilled arm"),
        ({"self": [0.4, 0.4, 0.4, 0.4, math.nan]}, "The mIoU of self is not a number"),
    ],
)
def test_what_is_amiss_is_said(result: Make, change: dict[str, Any], words: str) -> None:
    scores = {arm: values for arm, values in (FIVE | change).items() if values is not None}
    assert words in said(result(scores))


def test_few_seeds_are_said(result: Make) -> None:
    assert "Only one seed" in said(result({arm: v[:1] for arm, v in FIVE.items()}))
    assert "Only 4 seeds" in said(result({arm: v[:4] for arm, v in FIVE.items()}))
    assert "No seed is complete" in said(result({arm: [] for arm in FIVE}))


def test_a_gain_that_one_fold_carries_is_said(result: Make) -> None:
    content = result(FIVE, splits=4)
    splits = content["groups"]["all"]["distilled"]["splits"]
    for name in ("fold1", "fold2", "fold3"):
        splits[name] = [v - 0.12 for v in splits[name]]
    splits["fold0"] = [0.9] * 5
    assert "Over single splits the interval of distilled minus student reaches down to -0.02" in said(content)
