"""Random chains of transforms of every sensor: each link still points at the content that it was recorded with.

The images hold smooth functions of their own first pixels, so that what stands under a link, read between pixels, tells
where it pointed before anything was edited, to a small part of a pixel.
"""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from xmodal.data.projection import project
from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose, seeded
from xmodal.modalities.event import transforms as event
from xmodal.modalities.image import transforms as image
from xmodal.modalities.lidar import transforms as lidar
from xmodal.modalities.radar import transforms as radar
from xmodal.modalities.raster import transforms as raster

SIZE = (60, 100)
POINTS, ECHOES, SPARKS = 160, 40, 200
CAMERA = torch.tensor([[60.0, 0, 50, 0], [0, 60, 30, 0], [0, 0, 1, 0]], dtype=torch.float64) @ torch.tensor(
    [[0.0, -1, 0, 0.1], [0, 0, -1, 0.2], [1, 0, 0, -0.3], [0, 0, 0, 1]], dtype=torch.float64
)
Make = Callable[[random.Random], Any]

EXACT: list[Make] = [
    lambda r: image.HorizontalFlip(0.7),
    lambda r: image.RandomCrop((r.randint(22, 26), r.randint(22, 30))),
    lambda r: image.QuarterTurn(),
]
SCALED: list[Make] = [
    lambda r: image.Resize((r.randint(40, 90), r.randint(40, 120))),
    lambda r: image.RandomResizedCrop((r.randint(40, 80), r.randint(40, 80)), scale=(0.5, 1.0)),
]
COLOURED: list[Make] = [lambda r: image.ColorJitter()]
RASTER: list[Make] = [
    lambda r: raster.HorizontalFlip(0.7),
    lambda r: raster.VerticalFlip(0.7),
    lambda r: raster.QuarterTurn(),
    lambda r: raster.RandomCrop((r.randint(20, 24), r.randint(20, 24))),
    lambda r: raster.Gain(1.0, 1.0),
]
LIDAR: list[Make] = [
    lambda r: lidar.RotateZ(90),
    lambda r: lidar.Scale(0.8, 1.2),
    lambda r: lidar.FlipY(0.7),
    lambda r: lidar.DropPoints(0.2),
    lambda r: lidar.Jitter(0.001, 0.002),
]
RADAR: list[Make] = [
    lambda r: radar.RotateZ(90),
    lambda r: radar.FlipY(0.7),
    lambda r: radar.DropPoints(0.2),
    lambda r: radar.JitterRcs(),
]
EVENT: list[Make] = [
    lambda r: event.DropEvents(0.2),
    lambda r: event.TimeJitter(2e4),
    lambda r: event.TimeCrop(80_000),
]


def ramps(size: tuple[int, int]) -> Tensor:
    """[3, H, W]: u and v of the middle of each pixel, as shares of 200, and their mean."""
    v, u = torch.meshgrid(torch.arange(size[0]) + 0.5, torch.arange(size[1]) + 0.5, indexing="ij")
    return torch.stack((u, v, (u + v) / 2)).float() / 200


def places(size: tuple[int, int]) -> Tensor:
    return torch.arange(size[0] * size[1]).view(size)


def scene(seed: int) -> Sample:
    """A camera that sees a cloud and a radar; a map below the cloud; an event camera beside the camera."""
    drawn = seeded(seed)

    def rand(count: int, columns: int) -> Tensor:
        return torch.rand(count, columns, generator=drawn)

    xyz = rand(POINTS, 3) * torch.tensor([30.0, 30, 16]) + torch.tensor([-2.0, -15, -8])
    echoes = torch.cat(
        (rand(ECHOES, 3) * torch.tensor([30.0, 30, 16]) + torch.tensor([1.0, -15, -8]), rand(ECHOES, 6)), 1
    )
    sparks = torch.cat((rand(SPARKS, 1).sort(0).values * 1e5, rand(SPARKS, 2) * 30, rand(SPARKS, 1).round()), 1).long()
    below = (xyz[:, :2] + torch.tensor([2.0, 15])) * torch.tensor([3.0, 2.0])
    links = {
        ("lidar", "image"): project(xyz, CAMERA, SIZE)[0].float(),
        ("radar", "image"): project(echoes[:, :3], CAMERA, SIZE)[0].float(),
        ("lidar", "raster"): below,
        ("event", "image"): rand(SPARKS, 2) * torch.tensor([100.0, 60.0]),
        ("lidar", "radar"): torch.cat((echoes[:, :3],) * 4),  # point i was seen by echo i modulo their number
    }
    numbers = {"lidar": torch.arange(POINTS), "radar": torch.arange(ECHOES), "event": torch.arange(SPARKS)}
    return Sample(
        f"scene{seed}",
        {"image": ramps(SIZE), "raster": ramps(SIZE), "lidar": Rows(xyz), "radar": Rows(echoes), "event": Rows(sparks)},
        {name: Rows(rows) for name, rows in links.items()},
        {"number": {k: Rows(v) for k, v in numbers.items()}, "place": {"image": places(SIZE), "raster": places(SIZE)}},
        poses={"lidar": torch.eye(4, dtype=torch.float64)},
    )  # fmt: skip


def chain(seed: int, *kinds: list[Make], most: int = 3) -> list[Any]:
    """Up to `most` transforms of each kind, in a random order over all sensors."""
    chance = random.Random(seed)
    drawn = [make(chance) for kind in kinds for make in chance.choices(kind, k=chance.randint(1, most))]
    chance.shuffle(drawn)
    return _cropped_once(drawn)


def _cropped_once(transforms: list[Any]) -> list[Any]:
    """A second crop might not fit into the first."""
    seen: set[str] = set()
    return [t for t in transforms if "Crop" not in type(t).__name__ or not (t.key in seen or seen.add(t.key))]  # type: ignore[func-returns-value]


def dense(sample: Sample, task: str, key: str) -> Tensor:
    label = sample.labels[task]
    assert isinstance(label, Mapping)
    found = label[key]
    return found.values if isinstance(found, Rows) else found


def between_pixels(pixels: Tensor, uv: Tensor) -> Tensor:
    """[E, C]: the values [C, H, W] at (u, v), where pixel i has its middle at i + 0.5."""
    grid = 2 * uv / torch.tensor([pixels.shape[2], pixels.shape[1]]) - 1
    found = F.grid_sample(pixels[None], grid[None, None], mode="bilinear", padding_mode="border", align_corners=False)
    return found[0, :, 0].T


def pairs(before: Sample, after: Sample, source: str, target: str) -> tuple[Tensor, Tensor, Tensor]:
    """(where each link that is left points, where it pointed first, how far it stays from the edge), in pixels."""
    uv = after.links[source, target].values
    first = before.links[source, target].values[dense(after, "number", source)]
    assert len(uv) == len(first) == len(after.entries[source].values)  # type: ignore[union-attr]
    pixels = after.entries[target]
    assert isinstance(pixels, Tensor)
    size = torch.tensor([pixels.shape[2], pixels.shape[1]])
    seen = ~uv.isnan().any(1)
    assert not first[seen].isnan().any(), "a link came to life"
    uv, first = uv[seen], first[seen]
    assert ((uv >= 0) & (uv < size)).all()
    return uv, first, torch.minimum(uv, size - uv).amin(1)


def check_exact(before: Sample, after: Sample, source: str, target: str) -> int:
    """Only mirrored, turned and cut: the very pixel, of the content and of the label."""
    uv, first, _ = pairs(before, after, source, target)
    # Mirrored in float32, a point within 1e-5 of the edge of its pixel may round onto the next one.
    clear = ((first % 1 - 0.5).abs() < 0.4999).all(1)
    assert int((~clear).sum()) <= 2
    uv, first = uv[clear], first[clear]
    row, column = uv[:, 1].long(), uv[:, 0].long()
    own = first[:, 1].long() * SIZE[1] + first[:, 0].long()
    assert torch.equal(dense(after, "place", target)[row, column], own)
    assert torch.equal(after.entries[target][:, row, column], ramps(SIZE)[:, first[:, 1].long(), first[:, 0].long()])  # type: ignore[index]
    return len(uv)


def check_smooth(before: Sample, after: Sample, source: str, target: str) -> int:
    """Scaled as well: the content between pixels; at the edge, where nothing lies beyond, within pixels."""
    uv, first, edge = pairs(before, after, source, target)
    pixels = after.entries[target]
    assert isinstance(pixels, Tensor)
    wrong = (between_pixels(pixels, uv)[:, :2] * 200 - first).abs().amax(1)
    inside = edge > 6
    # Antialiased scaling keeps a ramp to some hundredths of a pixel each time; half a pixel would be far outside.
    assert (wrong[inside] < 0.25).all(), f"{wrong[inside].max()} pixels"
    assert (wrong < 3.5).all(), f"{wrong.max()} pixels at the edge"
    labelled = dense(after, "place", target)[uv[:, 1].long(), uv[:, 0].long()]
    centre = torch.stack((labelled % SIZE[1], labelled // SIZE[1]), 1) + 0.5
    assert ((centre - first).abs() < 4).all()
    assert ((centre - first).abs().mean(0) < 0.9).all()
    return int(inside.sum())


def moved(seed: int, steps: list[Any]) -> tuple[Sample, Sample]:
    """A scene before and after the chain; the recorded chain gives the same links again."""
    before, transform = scene(seed), Compose(steps)
    after, params = transform(before, generator=seeded(seed))
    again, _ = transform(scene(seed), json.loads(json.dumps(params)))
    for name, rows in after.links.items():
        assert torch.equal(rows.values.nan_to_num(-1), again.links[name].values.nan_to_num(-1))
    return before, after


SEEDS = [range(start, start + 30) for start in range(0, 300, 30)]


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_links_point_at_the_very_pixel_under_flips_turns_and_crops(seeds: range) -> None:
    checked = 0
    for seed in seeds:
        before, after = moved(seed, chain(seed, EXACT, RASTER, LIDAR, RADAR, EVENT))
        for source, target in (("lidar", "image"), ("radar", "image"), ("event", "image"), ("lidar", "raster")):
            checked += check_exact(before, after, source, target)
    assert checked > 60 * len(seeds)


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_links_point_at_the_same_content_under_scaling_too(seeds: range) -> None:
    checked = 0
    for seed in seeds:
        before, after = moved(seed, chain(seed, EXACT[::2] + SCALED, LIDAR, RADAR, EVENT))
        for source in ("lidar", "radar", "event"):
            checked += check_smooth(before, after, source, "image")
    assert checked > 40 * len(seeds)


@pytest.mark.parametrize("seeds", SEEDS[:3], ids=str)
def test_colours_move_no_link_and_no_label(seeds: range) -> None:
    for seed in seeds:
        steps = chain(seed, EXACT, LIDAR)
        before, plain = moved(seed, steps)
        _, params = Compose(steps)(before, generator=seeded(seed))
        for place in range(len(steps) + 1):
            jitter = image.ColorJitter()
            _, drawn = jitter(before, generator=seeded(seed))
            assert isinstance(params, list)
            mixed, _ = Compose([*steps[:place], jitter, *steps[place:]])(
                before, [*params[:place], drawn, *params[place:]]
            )
            uv, own = mixed.links["lidar", "image"].values, plain.links["lidar", "image"].values
            assert torch.equal(uv.nan_to_num(-1), own.nan_to_num(-1))
            assert torch.equal(dense(mixed, "place", "image"), dense(plain, "place", "image"))


@pytest.mark.parametrize("seeds", SEEDS[:4], ids=str)
def test_a_point_keeps_its_place_in_the_radar_cloud(seeds: range) -> None:
    """The link is a place in metres: it turns with the radar, whatever happens to the LiDAR."""
    checked = 0
    for seed in seeds:
        _, after = moved(seed, chain(seed, LIDAR, RADAR))
        echoes = after.entries["radar"].values  # type: ignore[union-attr]
        seen_by = dense(after, "number", "lidar") % ECHOES
        match = seen_by[:, None] == dense(after, "number", "radar")[None]
        point, echo = match.nonzero().unbind(1)
        places_m = after.links["lidar", "radar"].values[point]
        assert (places_m - echoes[echo, :3]).abs().max() < 1e-4
        checked += len(point)
    assert checked > 40 * len(seeds)


@pytest.mark.parametrize("seeds", SEEDS[:4], ids=str)
def test_points_at_events_stay_with_their_pixel(seeds: range) -> None:
    """Each spark has a link that points at its own pixel: the two move as one."""
    for seed in seeds:
        sparks = scene(seed).entries["event"].values  # type: ignore[union-attr]
        number = torch.arange(SPARKS)
        links = {("tip", "event"): Rows(sparks[:, 1:3] + 0.25 + 0.5 * torch.rand(SPARKS, 2, generator=seeded(seed)))}
        entries = {"event": Rows(sparks), "tip": Rows(torch.zeros(SPARKS, 3))}
        before = Sample("s", entries, links, {"number": {"event": Rows(number)}})
        steps = [*chain(seed, EVENT), event.HorizontalFlip(30, 0.7), event.RandomCrop((20, 24), (30, 30))]
        after, _ = Compose(steps)(before, generator=seeded(seed))
        uv = after.links["tip", "event"].values[dense(after, "number", "event")]
        assert torch.equal(uv.long(), after.entries["event"].values[:, 1:3])  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(40))
def test_a_cloud_that_was_moved_has_no_pose_any_more(seed: int) -> None:
    before, after = moved(seed, chain(seed, LIDAR[:-1], EXACT))
    kept = before.entries["lidar"].values[dense(after, "number", "lidar")]  # type: ignore[union-attr]
    still = torch.equal(after.entries["lidar"].values, kept)  # type: ignore[union-attr]
    assert still or "lidar" not in after.poses
