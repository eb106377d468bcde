"""The cloud from above: forward is up, left is left, and everything fits."""

import numpy as np
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.modalities.lidar.picture import picture
from xmodal.report.drawing import class_colour


def cloud(*blobs: tuple[float, float], labels: list[int] | None = None) -> Sample:
    """100 points around each (x, y)."""
    parts = [torch.randn(100, 3) * 0.1 + torch.tensor([x, y, 0.0]) for x, y in blobs]
    dense = {"seg": {"lidar": Rows(torch.tensor(labels).repeat_interleave(100))}} if labels else {}
    names = {"classes": {"seg": ("background", "car", "tree")}}
    return Sample("s", {"lidar": Rows(torch.cat(parts))}, labels=dense, meta=names)


def centre_of(drawn: np.ndarray, index: int) -> tuple[float, float]:
    """Mean (row, column) of a class's colour, left of the legend."""
    colour = class_colour(index)
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    rows, columns = np.nonzero((np.abs(drawn.astype(int) - wanted) < 12).all(2))
    keep = columns < drawn.shape[1] - 190
    return float(rows[keep].mean()), float(columns[keep].mean())


def test_forward_is_up_and_left_is_left() -> None:
    drawn = picture(cloud((20, -10), (5, 10), (0, 0), labels=[1, 2, 0]), "lidar")
    (row_far, column_right), (row_near, column_left) = centre_of(drawn, 1), centre_of(drawn, 2)
    assert row_far < row_near - 100
    assert column_left < column_right - 100


def test_a_metre_is_as_long_forward_as_sideways() -> None:
    drawn = picture(cloud((20, 0), (5, 10), (5, 0), (20, 10), labels=[1, 2, 0, 0]), "lidar")
    (row_a, column_a), (row_b, column_b) = centre_of(drawn, 1), centre_of(drawn, 2)
    assert abs((row_b - row_a) / 15 - (column_a - column_b) / 10) < 0.5


def test_a_few_labelled_points_far_away_stay_in_view() -> None:
    near = torch.randn(5000, 3)
    sample = Sample(
        "s",
        {"lidar": Rows(torch.cat((near, torch.tensor([[60.0, 0, 0]]).expand(3, 3))))},
        labels={"seg": {"lidar": Rows(torch.cat((torch.zeros(5000), torch.ones(3))).long())}},
        meta={"classes": {"seg": ("background", "car")}},
    )
    row, _ = centre_of(picture(sample, "lidar"), 1)
    assert 30 < row < 200


def test_height_colours_an_unlabelled_cloud() -> None:
    low, high = picture(cloud((5, 0), (20, 0)), "lidar"), cloud((5, 0), (20, 0))
    values = high.entries["lidar"].values  # type: ignore[union-attr]
    values[100:, 2] += 5
    assert not np.array_equal(low, picture(high, "lidar"))


def test_clouds_of_any_size_can_be_drawn() -> None:
    for points in (torch.zeros(0, 4), torch.zeros(1, 3), torch.tensor([[1.0, 2, 3]]).expand(50, 3)):
        drawn = picture(Sample("s", {"lidar": Rows(points)}), "lidar")
        assert drawn.ndim == 3
        assert drawn.dtype == np.uint8
        assert max(drawn.shape) < 1200
