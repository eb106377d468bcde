"""The voxel grid against a slow formula, and the adapter on top of it."""

import numpy as np
import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.event import EventVoxel
from xmodal.modalities.event.voxel import voxel_grid
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


def slow(events, bins: int, size: tuple[int, int]) -> np.ndarray:
    """The formula of the paper, one event and one bin at a time."""
    grid = np.zeros((bins, *size))
    times = [event[0] for event in events]
    for t, x, y, p in events:
        if x < size[1] and y < size[0]:
            place = (bins - 1) * (t - times[0]) / max(times[-1] - times[0], 1)
            for b in range(bins):
                grid[b, y, x] += (1 if p else -1) * max(0.0, 1 - abs(b - place))
    return grid


def random_events(count: int, start_us: int = 0) -> torch.Tensor:
    time = start_us + torch.randint(0, 50_000, (count, 1)).sort(0).values
    return torch.cat([time, torch.randint(0, 9, (count, 2)), torch.randint(0, 2, (count, 1))], 1)


def batch_of(*events: torch.Tensor):
    return collate([Sample(str(i), {"event": Rows(e)}) for i, e in enumerate(events)])


@pytest.mark.parametrize("bins", [1, 2, 5])
def test_the_voxel_grid_equals_the_slow_formula(bins):
    # One recording starts a year late, where float32 could not tell its events apart.
    parts = [random_events(60), random_events(1), random_events(90, start_us=30_000_000_000_000)]
    grid = voxel_grid(Ragged(torch.cat(parts), torch.tensor([60, 1, 90])), bins, (8, 7))
    assert grid.shape == (3, bins, 8, 7)
    for own, events in zip(grid, parts, strict=True):
        np.testing.assert_allclose(own.numpy(), slow(events.tolist(), bins, (8, 7)), atol=1e-5)


def test_every_event_counts_once():
    events = random_events(500)
    events[:, 3] = 1
    grid = voxel_grid(Ragged(events, torch.tensor([500])), 4, (9, 9))
    assert grid.sum().item() == pytest.approx(500, rel=1e-5)
    counts = torch.zeros(9, 9).index_put_((events[:, 2], events[:, 1]), torch.ones(500), accumulate=True)
    assert torch.allclose(grid.sum((0, 1)), counts, atol=1e-4)  # [H, W]: y picks the row


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bins": 1},
        {"size": (20, 34), "token_stride": 4},
        pytest.param({"backbone": "resnet10t"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_contract(options):
    check_adapter(EventVoxel(**options))


def test_events_know_the_cell_of_their_pixel():
    events = torch.tensor([[0, 0, 0, 1], [1, 7, 0, 1], [2, 8, 0, 1], [3, 15, 9, 0], [4, 16, 0, 1], [5, 0, 16, 1]])
    tokens = EventVoxel(size=(16, 16), token_stride=8)(batch_of(events, events[:2]), EVERYTHING).tokens
    assert tokens.grid == (2, 2)
    assert tokens.of.tolist() == [[0, 0, 1, 3, -1, -1], [0, 0, -1, -1, -1, -1]]
    assert tokens.where[0].tolist() == [[4, 4], [12, 4], [4, 12], [12, 12]]
    assert tokens.frame == "event_px"


def test_a_recording_without_events_is_finite_and_changes_no_other():
    model = EventVoxel().eval()
    events = random_events(100)
    both = model(batch_of(events[:0], events), EVERYTHING)
    assert both.pooled.isfinite().all()
    assert torch.allclose(both.pooled[1], model(batch_of(events), EVERYTHING).pooled[0], atol=1e-6)


def test_every_parameter_learns():
    model = EventVoxel()
    model(EventVoxel.example(3), Need(pooled=True)).pooled.sin().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(DataError, match=r"events \[E, 4\] of int64, found torch.float32 \[3, 4\]"):
        EventVoxel()(batch_of(torch.zeros(3, 4)), EVERYTHING)
    with pytest.raises(ConfigError, match="bins of at least 1"):
        EventVoxel(bins=0)


def test_the_picture_is_blue_where_brighter_and_red_where_darker():
    events = torch.tensor([[0, 0, 0, 1], [1, 1, 0, 0], [2, 3, 1, 1]])
    image = EventVoxel.picture(Sample("s", {"event": Rows(events)}), "event")
    zoom = image.shape[1] // 4
    small = image[::zoom, ::zoom].astype(int)
    assert small.shape == (2, 4, 3)
    assert small[0, 0, 2] > small[0, 0, 0] + 100
    assert small[0, 1, 0] > small[0, 1, 2] + 100
    assert small[0, 2].tolist() == [255, 255, 255]
    assert EventVoxel.picture(Sample("s", {"event": Rows(events[:0])}), "event").min() == 255
