"""Neither colour nor intensity nor place alone tells the classes apart: shape is needed.

Each shortcut is the best that a table of it can do: the frequency of the classes in every bin, from 40 scenes, asked
about 20 others; with the classes' frequencies left as they are, halved in the exponent, or taken out.
"""

import numpy as np
import pytest

from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CLASSES

C = len(CLASSES)
Table = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def scenes() -> tuple[list[Scene], list[Scene]]:
    return [make_scene(21, i) for i in range(40)], [make_scene(21, i) for i in range(1000, 1020)]


def mean_iou(truth: np.ndarray, guess: np.ndarray) -> float:
    """From one confusion matrix; a class that neither holds counts as 0."""
    counts = np.bincount(truth * C + guess, minlength=C * C).reshape(C, C)
    hit = np.diag(counts)
    return float((hit / np.maximum(counts.sum(axis=0) + counts.sum(axis=1) - hit, 1)).mean())


def best_table(train: Table, test: Table) -> float:
    (bins, label), (test_bins, test_label) = train, test
    counts = np.zeros((int(max(bins.max(), test_bins.max())) + 1, C))
    np.add.at(counts, (bins, label), 1)
    frequency = np.maximum(counts.sum(axis=0), 1)
    return max(mean_iou(test_label, (counts / frequency**power).argmax(axis=1)[test_bins]) for power in (0, 0.5, 1))


def by_colour(scenes: list[Scene]) -> Table:
    rgb = np.concatenate([s.image.reshape(3, -1).T for s in scenes]).astype(int) // 16
    return of_pixels(rgb @ [256, 16, 1], scenes)


def by_place(scenes: list[Scene]) -> Table:
    row, column = np.indices(scenes[0].pixel_class.shape)
    return of_pixels(np.tile((row // 4 * 48 + column // 4).ravel(), len(scenes)), scenes)


def by_intensity(scenes: list[Scene]) -> Table:
    intensity = np.concatenate([s.points[:, 3] for s in scenes])
    return (intensity * 63).astype(int), np.concatenate([s.point_class for s in scenes]).astype(int)


def of_pixels(bins: np.ndarray, scenes: list[Scene]) -> Table:
    label = np.concatenate([s.pixel_class.ravel() for s in scenes]).astype(int)
    return bins[label >= 0], label[label >= 0]


def test_colour_alone_does_not_tell(scenes: tuple[list[Scene], list[Scene]]) -> None:
    assert best_table(by_colour(scenes[0]), by_colour(scenes[1])) < 0.30


def test_intensity_alone_does_not_tell(scenes: tuple[list[Scene], list[Scene]]) -> None:
    assert best_table(by_intensity(scenes[0]), by_intensity(scenes[1])) < 0.15


def test_place_alone_does_not_tell(scenes: tuple[list[Scene], list[Scene]]) -> None:
    assert best_table(by_place(scenes[0]), by_place(scenes[1])) < 0.30


def test_the_measure_itself_finds_a_shortcut(scenes: tuple[list[Scene], list[Scene]]) -> None:
    """Bins that do hold the class are read off perfectly."""

    def leak(part: list[Scene]) -> Table:
        label = by_intensity(part)[1]
        return label, label

    assert best_table(leak(scenes[0]), leak(scenes[1])) == pytest.approx(1)
