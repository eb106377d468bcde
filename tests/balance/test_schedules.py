"""Weights over the course of a phase: their edges, their errors, and how a config names them."""

from typing import Any

import pytest
import torch

from balance.frames import Scene
from xmodal.balance import Cosine, FixedWeights, Stages, WarmUp, WeightSchedule
from xmodal.engine.build import build
from xmodal.errors import ConfigError

PET_LABELS = Stages(((0.0, 0.3), (0.1, 0.4)), linear=True)
PET_FEATURES = Stages(((0.0, 0.5), (0.1, 0.4)), linear=True)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (WarmUp(to=4.0, until=0.5), {0.0: 0.0, 0.25: 2.0, 0.5: 4.0, 1.0: 4.0}),
        (WarmUp(to=1.0, until=1.0), {0.0: 0.0, 0.7: 0.7, 1.0: 1.0}),
        (WarmUp(to=1.0, until=0.0), {0.0: 1.0, 1.0: 1.0}),
        (WarmUp(to=0.0, until=0.2, start=3.0), {0.0: 3.0, 0.1: 1.5, 0.2: 0.0, 0.9: 0.0}),
        (Stages(((0.0, 1.0), (0.5, 0.2))), {0.0: 1.0, 0.49: 1.0, 0.5: 0.2, 1.0: 0.2}),
        (Stages(((0, 2),)), {0.0: 2, 1.0: 2}),
        (
            Stages(((0.0, 1.0), (0.5, 0.2), (1.0, 0.6)), linear=True),
            {0.0: 1.0, 0.25: 0.6, 0.5: 0.2, 0.75: 0.4, 1.0: 0.6},
        ),
        (PET_LABELS, {0.0: 0.3, 0.05: 0.35, 0.1: 0.4, 1.0: 0.4}),
        (PET_FEATURES, {0.0: 0.5, 0.05: 0.45, 0.1: 0.4, 1.0: 0.4}),
        (Cosine(1.0, 0.001), {0.0: 1.0, 0.5: 0.5005, 1.0: 0.001}),
        (Cosine(0.0, 2.0, begin=0.2, until=0.6), {0.0: 0.0, 0.2: 0.0, 0.4: 1.0, 0.6: 2.0, 1.0: 2.0}),
    ],
)
def test_values_at_the_edges_and_between(schedule: WeightSchedule, expected: dict[float, float]) -> None:
    assert {progress: schedule(progress) for progress in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WarmUp(to=-1.0, until=0.5), r"WarmUp\.to: expected a number from 0, found -1.0"),
        (lambda: WarmUp(to=1.0, until=1.5), r"WarmUp\.until: expected a number from 0 to 1, found 1.5"),
        (lambda: WarmUp(to=1.0, until=0.5, start=float("inf")), r"WarmUp\.start: expected a number from 0, found inf"),
        (lambda: WarmUp(to=True, until=0.5), r"WarmUp\.to: expected a number from 0, found True"),
        (lambda: Cosine(1.0, float("nan")), r"Cosine\.end: expected a number from 0, found nan"),
        (lambda: Cosine(1.0, 0.0, begin=0.5, until=0.5), r"expected begin < until, found 0.5 and 0.5"),
        (lambda: Stages(()), r"Stages: expected \(\(progress, weight\), \.\.\.\), found \(\)"),
        (lambda: Stages((0.0, 1.0)), r"Stages: expected \(\(progress, weight\), \.\.\.\), found \(0.0, 1.0\)"),
        (lambda: Stages(((0.1, 1.0),)), r"Stages: expected progress to rise from 0, found 0.1"),
        (lambda: Stages(((0.0, 1.0), (0.0, 2.0))), r"Stages: expected progress to rise from 0, found 0.0, 0.0"),
        (lambda: Stages(((0.0, -1.0),)), r"Stages\.weight: expected a number from 0, found -1.0"),
    ],
)
def test_what_is_no_schedule_is_one_clear_error(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_weight_follows_the_progress_of_the_frame() -> None:
    balance = FixedWeights({"dino": WarmUp(to=4.0, until=0.5), "task/kind": Stages(((0.0, 1.0), (0.5, 2.0)))})
    for progress, dino, task in [(0.0, 0.0, 1.0), (0.25, 2.0, 1.0), (0.5, 4.0, 2.0)]:
        scene = Scene(progress=progress)
        plain = FixedWeights({"dino": dino, "task": task})(scene.terms, scene.frame)
        torch.testing.assert_close(balance(scene.terms, scene.frame), plain)
    assert balance.supervised().weights == {"task/kind": Stages(((0.0, 1.0), (0.5, 2.0)))}


def test_a_config_writes_a_schedule_where_a_number_could_stand() -> None:
    node = dict(type=FixedWeights, weights=dict(task=2, dino=dict(type=WarmUp, to=4.0, until=0.1)))
    assert build(node, "balance").weights == {"task": 2, "dino": WarmUp(to=4.0, until=0.1)}
    with pytest.raises(ConfigError, match=r"key balance\.weights\.dino\.untl of WarmUp"):
        build(dict(type=FixedWeights, weights=dict(dino=dict(type=WarmUp, to=4.0, untl=0.1))), "balance")
    staged = dict(type=FixedWeights, weights=dict(dino=dict(type=Stages, points=[(0, 1.0), (0.5, 2.0)])))
    assert build(staged, "balance").weight_of("dino/kind", 0.7) == 2.0
