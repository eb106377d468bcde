"""The embedded benchmark `street_places`: find the place that a radar or LiDAR scan was taken at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from xmodal.benchmarks.street.lasting import LastingStreet, make_street
from xmodal.benchmarks.street.visit import Visit, make_visit
from xmodal.data.benchmark import Benchmark, Card, Split
from xmodal.data.making import make_all
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError
from xmodal.tasks import Retrieval

VAL_FROM, TEST_FROM = 1000, 2000
"""Street numbers of the parts; a street is made from its number, so parts with other numbers share nothing."""
_BLOCK_M = (2000.0, 500.0)
_STREETS_A_ROW = 10


class StreetPlaces(Benchmark):
    """Place recognition with LiDAR and radar in simulated streets, visited several times. Nothing is downloaded.

    From visit to visit buildings, fences, trees and poles stay; parked cars, traffic and people are others, and the
    car stands up to 3 m along and 1.5 m across the street from the place, turned by up to 5 degrees. Test streets
    are other streets than training streets. recall@1 within 25 m, over all ordered pairs of sessions.

    A training place is labelled when its position is known; all its visits are labelled together.

    Args:
        streets, places: training streets, and places in each.
        sessions: visits of each place.
        labelled: numbers of training places whose position is known; one table for each.
        val, test: streets for choosing and for scoring.
        spacing_m: between neighbouring places of a street.
        seed: of the world.
        workers: processes that make the scans.
    """

    card = Card(
        summary="simulated streets visited several times: 4-D radar, LiDAR with 16 beams, positions in metres",
        licence="Apache-2.0 (part of xmodal)",
        source="made on the fly",
    )

    def __init__(
        self,
        streets: int = 16,
        places: int = 10,
        sessions: int = 4,
        labelled: Sequence[int] = (16, 160),
        val: int = 4,
        test: int = 8,
        spacing_m: float = 20.0,
        seed: int = 0,
        workers: int = 2,
    ) -> None:
        checks = {
            "streets, places and test >= 1": min(streets, places, test) >= 1,
            "val >= 0": val >= 0,
            f"streets, val and test <= {VAL_FROM}": max(streets, val, test) <= VAL_FROM,
            "sessions >= 2": sessions >= 2,
            "spacing_m > 0": spacing_m > 0,
            f"labelled in 1..{streets * places}": bool(labelled) and all(0 < n <= streets * places for n in labelled),
        }
        broken = [rule for rule, holds in checks.items() if not holds]
        if broken:
            found = f"streets={streets}, places={places}, sessions={sessions}, labelled={tuple(labelled)}, val={val}"
            raise ConfigError(f"street_places: expected {broken[0]}, found {found}, test={test}, spacing_m={spacing_m}")
        self.firsts = {"train": (0, streets), "val": (VAL_FROM, val), "test": (TEST_FROM, test)}
        self.places, self.sessions, self.spacing_m = places, sessions, spacing_m
        self.labelled, self.seed, self.workers = tuple(labelled), seed, workers
        self.tasks = {"place": Retrieval()}
        self._parts: dict[str, list[Sample]] = {}

    def splits(self, seed: int) -> Sequence[Split]:
        train, places = self._part("train"), self.firsts["train"][1] * self.places
        order = torch.randperm(places, generator=torch.Generator().manual_seed(seed)).tolist()
        splits = []
        for count in self.labelled:
            known = sorted(place * self.sessions + visit for place in order[:count] for visit in range(self.sessions))
            group = f"{count} of {places} places known"
            identity = [i // self.sessions for i in range(len(train))]
            parts = train, self._part("val"), self._part("test")
            splits.append(Split(f"places{count}", *parts, known, group=group, identity=identity))
        return splits

    def sample(self, index: int) -> Sample:
        return to_sample(self._jobs("train")[index])

    def __len__(self) -> int:
        return self.firsts["train"][1] * self.places * self.sessions

    def _jobs(self, part: str) -> list[_Job]:
        first, count = self.firsts[part]
        return [
            _Job(self.seed, street, place, session, self.places, self.spacing_m)
            for street in range(first, first + count)
            for place in range(self.places)
            for session in range(self.sessions)
        ]

    def _part(self, name: str) -> list[Sample]:
        if not self._parts:
            jobs = {part: self._jobs(part) for part in self.firsts}
            samples = iter(self._made([job for part in jobs.values() for job in part]))
            self._parts = {part: [next(samples) for _ in jobs[part]] for part in jobs}
        return self._parts[name]

    def _made(self, jobs: list[_Job]) -> list[Sample]:
        visits = make_all(_visit, jobs, workers=self.workers, chunk=self.places * self.sessions)  # a street at a time
        return [to_sample(job, visit) for job, visit in zip(jobs, visits, strict=True)]


class _Job(NamedTuple):
    seed: int
    street: int
    place: int
    session: int
    places: int
    spacing_m: float


@lru_cache(maxsize=2)
def _street(seed: int, number: int, length_m: float) -> LastingStreet:
    return make_street(seed, number, length_m)


def _visit(job: _Job) -> Visit:
    street = _street(job.seed, job.street, job.places * job.spacing_m)
    day = np.random.SeedSequence([job.seed, job.street, 2, job.place, job.session])
    return make_visit(street, job.place * job.spacing_m, day)


def to_sample(job: _Job, visit: Visit | None = None) -> Sample:
    """A visit as a Sample; its label is (x_m, y_m, session) in the network's axes."""
    visit = _visit(job) if visit is None else visit
    row, column = divmod(job.street, _STREETS_A_ROW)
    x, y = visit.pose.x + _BLOCK_M[0] * column, visit.pose.y + _BLOCK_M[1] * row
    return Sample(
        key=f"street{job.street:04d}-place{job.place:03d}-session{job.session}",
        entries={"lidar": Rows(torch.from_numpy(visit.lidar)), "radar": Rows(torch.from_numpy(visit.radar))},
        labels={"place": torch.tensor([x, y, float(job.session)])},
    )
