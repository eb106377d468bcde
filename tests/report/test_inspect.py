"""The picture of a whole sample."""

from typing import Any

import numpy as np
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.report.inspect import inspect_picture

RED, GREEN = (255, 0, 0), (0, 255, 0)


def panel(height: int, width: int, colour: tuple[int, int, int]) -> Any:
    return lambda sample, key: np.full((height, width, 3), colour, dtype=np.uint8)


def covered(page: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((page == colour).all(2))
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def page_of(sample: Sample, **pictures: Any) -> np.ndarray:
    drawn = inspect_picture(sample, pictures)
    assert drawn.mode == "RGB"
    return np.asarray(drawn)


def test_every_entry_has_its_panel_below_the_last() -> None:
    sample = Sample("s", {"image": torch.zeros(3, 4, 8), "lidar": Rows(torch.zeros(5, 4))})
    page = page_of(sample, image=panel(200, 1212, RED), lidar=panel(300, 1212, GREEN))
    top, bottom, left, right = covered(page, RED)
    assert (bottom - top, right - left) == (200, 1212)
    assert covered(page, GREEN)[0] > bottom
    assert covered(page, GREEN)[1] <= page.shape[0]


def test_tall_panels_stand_side_by_side() -> None:
    sample = Sample("s", {"image": torch.zeros(3, 8, 8), "lidar": Rows(torch.zeros(5, 4))})
    page = page_of(sample, image=panel(500, 500, RED), lidar=panel(600, 500, GREEN))
    assert covered(page, RED)[3] < covered(page, GREEN)[2]
    assert covered(page, RED)[0] == covered(page, GREEN)[0]


def test_a_modality_draws_all_its_entries() -> None:
    sample = Sample("s", {"image/front": torch.zeros(3, 4, 8), "image@-1": torch.zeros(3, 4, 8)})
    page = page_of(sample, image=panel(100, 1212, RED))
    assert (page == RED).all(2).sum() == 2 * 100 * 1212


def test_what_nobody_draws_is_described() -> None:
    bare = page_of(Sample("s", {}))
    described = page_of(Sample("s", {"eeg": torch.zeros(8, 100)}))
    assert described.shape[0] > bare.shape[0]
    assert (described[bare.shape[0] - 10 :] < 128).any()


def test_labels_of_all_kinds_are_written() -> None:
    empty = page_of(Sample("s", {}))
    labels = {
        "category": torch.tensor(1),
        "age": torch.tensor(float("nan")),
        "seg": {"image": torch.tensor([[-1, 0], [5, 1]]), "lidar": Rows(torch.zeros(0, dtype=torch.long))},
        "depth": {"image": torch.tensor([[1.0, torch.nan]])},
    }
    page = page_of(Sample("s", {}, labels=labels, meta={"classes": {"category": ("car", "tree")}}))
    assert page.shape[0] == empty.shape[0] + 4 * 18
