"""`street_places`: places that stay while days change, splits that share nothing, labels that mean metres."""

import numpy as np
import pytest
import torch

from xmodal.benchmarks.street import StreetPlaces
from xmodal.benchmarks.street.lasting import make_street, visit_world
from xmodal.benchmarks.street.places import TEST_FROM
from xmodal.benchmarks.street.spec import CAR, PEDESTRIAN, TRUCK
from xmodal.benchmarks.street.visit import ALONG_M, ASIDE_M, TURN_DEG, make_visit
from xmodal.data.sample import Sample
from xmodal.engine.loader import Steps
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError

SIZES = {"streets": 3, "places": 4, "sessions": 3, "labelled": (4, 12), "val": 1, "test": 2, "workers": 1}
MOVERS = (CAR, TRUCK, PEDESTRIAN)


@pytest.fixture(scope="module")
def benchmark() -> StreetPlaces:
    return StreetPlaces(**SIZES)


def where(samples: list[Sample]) -> torch.Tensor:
    """[N, 3]: x, y, session."""
    return torch.stack([s.labels["place"] for s in samples])


def test_parts_lie_in_other_streets(benchmark: StreetPlaces) -> None:
    split = benchmark.splits(0)[0]
    parts = [list(split.train), list(split.val), list(split.test)]
    for i, a in enumerate(parts):
        for b in parts[i + 1 :]:
            assert not {s.key for s in a} & {s.key for s in b}
            assert torch.cdist(where(a)[:, :2], where(b)[:, :2]).min() > 200
    assert [len(p) for p in parts] == [36, 12, 24]
    assert all(int(s.key[6:10]) >= TEST_FROM for s in split.test)


def test_the_buildings_of_test_streets_are_no_copies() -> None:
    streets = [make_street(0, number, 80).solids for number in (0, TEST_FROM)]
    a, b = ({tuple(half) for half in s.half[s.half[:, 2] > 1.5].tolist()} for s in streets)
    assert min(len(a), len(b)) > 20
    assert not a & b


def test_what_stands_stays_and_what_moves_changes() -> None:
    street = make_street(0, 0, 80)
    days = [visit_world(street, (20.0, -2.0), np.random.default_rng(i)) for i in range(2)]
    standing, others = [], []
    for world in days:
        solids = world.solids
        moves = np.isin(solids.label, MOVERS)
        assert 0 < moves.sum() < len(moves)
        standing.append(np.column_stack([solids.centre, solids.half, solids.yaw, solids.label, solids.paint])[~moves])
        standing[-1] = np.column_stack([standing[-1], world.paints.reflectivity[solids.paint[~moves]]])
        others.append(solids.centre[moves])
    np.testing.assert_array_equal(standing[0], standing[1])
    assert not np.isin(others[0][:, 0], others[1][:, 0]).any()


def test_nothing_stands_in_the_car() -> None:
    street = make_street(0, 3, 80)
    for day in range(8):
        visit = make_visit(street, 40.0, np.random.SeedSequence([1, day]))
        assert np.linalg.norm(visit.lidar[:, :2], axis=1).min() > 1.5


def test_visits_lie_near_their_place_and_differ() -> None:
    street = make_street(0, 1, 80)
    visits = [make_visit(street, 40.0, np.random.SeedSequence([1, day])) for day in range(12)]
    poses = np.array([v.pose for v in visits])
    lane = street.ground.middle(poses[:, 0].astype(np.float32)) - 0.35 * street.ground.half_width_m
    heading = np.array([street.ground.heading(x) for x in poses[:, 0]])
    assert np.abs(poses[:, 0] - 40).max() <= ALONG_M
    assert np.abs(poses[:, 1] - lane).max() <= ASIDE_M + 1e-3
    assert np.degrees(np.abs(poses[:, 2] - heading)).max() <= TURN_DEG
    assert poses.std(0).min() > 0.01
    assert len({len(v.radar) for v in visits}) > 3


def test_lidar_and_radar_see_the_same_walls(benchmark: StreetPlaces) -> None:
    nearest = []
    for sample in benchmark.splits(0)[0].train[:12]:
        lidar, radar = sample.entries["lidar"].values[:, :2], sample.entries["radar"].values[:, :2]
        near = radar[(radar.norm(dim=1) < 40)] + torch.tensor([1.6, 0.0])
        nearest.append(torch.cdist(near, lidar).min(1).values)
    assert torch.cat(nearest).median() < 0.8


def test_a_place_is_labelled_with_all_its_visits(benchmark: StreetPlaces) -> None:
    few, every = benchmark.splits(1)
    assert (few.group, every.group) == ("4 of 12 places known", "12 of 12 places known")
    keys = [few.train[i].key.rsplit("-", 1)[0] for i in few.labelled]
    assert sorted(set(map(keys.count, keys))) == [3]
    assert len(set(keys)) == 4
    assert list(every.labelled) == list(range(36))
    assert list(few.labelled) == list(benchmark.splits(1)[0].labelled)
    assert list(few.labelled) != list(benchmark.splits(2)[0].labelled)


def test_the_same_arguments_give_the_same_numbers(benchmark: StreetPlaces) -> None:
    again, other = StreetPlaces(**SIZES), StreetPlaces(**SIZES, seed=1)
    assert len(again) == 36
    for index in (0, 17):
        a, b, c = benchmark.splits(0)[0].train[index], again.sample(index), other.sample(index)
        assert a.key == b.key
        for key in ("lidar", "radar"):
            torch.testing.assert_close(a.entries[key].values, b.entries[key].values, rtol=0, atol=0)
            assert a.entries[key].values.shape != c.entries[key].values.shape
        torch.testing.assert_close(a.labels["place"], b.labels["place"], rtol=0, atol=0)


@pytest.mark.slow
def test_worker_processes_give_the_same_numbers() -> None:
    sizes = {**SIZES, "streets": 5, "labelled": (4,), "val": 0, "test": 1}
    (alone,), (shared,) = (StreetPlaces(**{**sizes, "workers": n}).splits(0) for n in (1, 2))
    assert len(alone.train) >= 50
    for a, b in zip(alone.train, shared.train, strict=True):
        assert a.key == b.key
        torch.testing.assert_close(a.entries["radar"].values, b.entries["radar"].values, rtol=0, atol=0)


def test_labels_find_themselves_and_noise_does_not(benchmark: StreetPlaces) -> None:
    """The radius means something: positions as descriptors find every place, random descriptors few."""
    target, task = where(list(benchmark.splits(0)[0].train)), benchmark.tasks["place"]
    relative = (target[:, :2] - target[:, :2].mean(0)) / 1e4
    oracle = torch.nn.functional.normalize(torch.cat([relative, torch.ones(len(target), 1)], 1), dim=1)
    assert task.metrics(oracle.double(), target)["recall@1"] == 1
    assert task.metrics(torch.nn.functional.normalize(torch.randn(len(target), 64), dim=1), target)["recall@1"] < 0.5


def test_batches_of_few_labelled_places_hold_several_visits_of_one(benchmark: StreetPlaces) -> None:
    split = benchmark.splits(0)[0]
    steps = Steps(split.train, split.labelled, range(len(split.train)), Schedule(labelled=12, paired=4), (), seed=0)
    for step in range(20):
        batch = steps[step]
        place = batch.labels["place"][batch.labelled["place"]]
        assert len(place) == 12
        near = torch.cdist(place[:, :2], place[:, :2]) < benchmark.tasks["place"].positive_m
        assert near.sum() > len(place)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labelled": (0,)}, "labelled"),
        ({"labelled": (13,)}, "labelled in 1..12"),
        ({"labelled": ()}, "labelled"),
        ({"sessions": 1}, "sessions >= 2"),
        ({"test": 0}, "test >= 1"),
        ({"spacing_m": 0.0}, "spacing_m"),
        ({"streets": 2000, "labelled": (1,)}, "<= 1000"),
    ],
)
def test_arguments_that_cannot_be_name_the_rule(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        StreetPlaces(**{**SIZES, **change})
