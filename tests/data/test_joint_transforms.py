"""Under every combination of image and cloud transforms a pair keeps its world point and its pixel."""

import json
import math
from collections.abc import Mapping
from itertools import chain, combinations
from typing import Any

import pytest
import torch
from torch import Tensor

from xmodal.data.projection import project
from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose, EntryTransform, seeded
from xmodal.modalities.image.transforms import HorizontalFlip, QuarterTurn, RandomCrop, RandomResizedCrop, Resize
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter, RotateZ, Scale

HEIGHT, WIDTH, POINTS = 48, 96, 150
CAMERA = torch.tensor([[80.0, 0, 48, 0], [0, 80, 24, 0], [0, 0, 1, 0]], dtype=torch.float64) @ torch.tensor(
    [[0.0, -1, 0, 0.1], [0, 0, -1, 0.2], [1, 0, 0, -0.3], [0, 0, 0, 1]], dtype=torch.float64
)

IMAGE = (
    RandomResizedCrop((32, 80), scale=(0.4, 1.0)),
    RandomCrop((30, 64)),
    Resize((40, 72)),
    HorizontalFlip(1.0),
    QuarterTurn(),
)
CLOUD = (RotateZ(90), Scale(0.8, 1.2), FlipY(1.0), DropPoints(0.3), Jitter(0.01, 0.03))


def scene(seed: int) -> Sample:
    """Image channels hold each pixel's own place; the cloud's fourth column numbers the points."""
    xyz = torch.rand(POINTS, 3, generator=seeded(seed)) * torch.tensor([30.0, 24, 12]) + torch.tensor([-3.0, -12, -6])
    v, u = torch.meshgrid((torch.arange(HEIGHT) + 0.5) / HEIGHT, (torch.arange(WIDTH) + 0.5) / WIDTH, indexing="ij")
    number = torch.arange(POINTS)
    uv, _ = project(xyz, CAMERA, (HEIGHT, WIDTH))
    place = torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH)
    return Sample(
        f"scene-{seed}",
        {"image": torch.stack((u, v, torch.zeros_like(u))), "lidar": Rows(torch.cat((xyz, number.unsqueeze(1)), 1))},
        {("lidar", "image"): Rows(uv.float())},
        {"place": {"image": place, "lidar": Rows(number)}},
    )


def subsets(transforms: tuple[EntryTransform, ...]) -> list[tuple[EntryTransform, ...]]:
    return list(chain.from_iterable(combinations(transforms, n) for n in range(len(transforms) + 1)))


def undone(xyz: Tensor, transforms: tuple[EntryTransform, ...], params: list[dict[str, Any]]) -> Tensor:
    """The points before the recorded transforms (noise stays)."""
    for transform, p in zip(reversed(transforms), reversed(params), strict=True):
        if isinstance(transform, RotateZ):
            angle = -math.radians(p["degrees"])
            turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            xyz = torch.cat((xyz[:, :2] @ turn.T, xyz[:, 2:]), 1)
        elif isinstance(transform, Scale):
            xyz = xyz / p["scale"]
        elif isinstance(transform, FlipY) and p["flip"]:
            xyz = xyz * torch.tensor([1.0, -1, 1])
    return xyz


def look_up(image: Tensor, uv: Tensor) -> Tensor:
    return image[:, uv[:, 1].long(), uv[:, 0].long()].T


def check(before: Sample, after: Sample, transforms: tuple[EntryTransform, ...], params: list[Any]) -> int:
    cloud, image = after.entries["lidar"], after.entries["image"]
    place = after.labels["place"]
    assert isinstance(cloud, Rows)
    assert isinstance(image, Tensor)
    assert isinstance(place, Mapping)
    number = cloud.values[:, 3].long()
    uv = after.links[("lidar", "image")].values
    assert len(uv) == len(number)
    assert torch.equal(place["lidar"].values, number)  # type: ignore[union-attr]
    # The same world point, up to the noise that was asked for.
    original = before.entries["lidar"].values[number]  # type: ignore[union-attr]
    assert (undone(cloud.values[:, :3], transforms, params) - original[:, :3]).abs().max() < 0.05
    # The same pixel content, within the size of one pixel after scaling.
    seen = ~uv.isnan().any(1)
    first = before.links[("lidar", "image")].values[number]
    assert not first[seen].isnan().any()
    assert (uv[seen] >= 0).all()
    assert (uv[seen] < torch.tensor([image.shape[2], image.shape[1]])).all()
    size = torch.tensor([WIDTH, HEIGHT])
    assert ((look_up(image, uv[seen])[:, :2] * size - first[seen]).abs() <= 1.6).all()
    labelled = place["image"][uv[seen][:, 1].long(), uv[seen][:, 0].long()]  # type: ignore[index]
    centre = torch.stack((labelled % WIDTH, labelled // WIDTH), 1) + 0.5
    assert ((centre - first[seen]).abs() <= 2.1).all()
    return int(seen.sum())


@pytest.mark.parametrize("image_part", subsets(IMAGE), ids=lambda part: "+".join(type(t).__name__ for t in part) or "-")
def test_pairs_stay_true_and_replay_exactly(image_part: tuple[EntryTransform, ...]) -> None:
    pairs = 0
    for seed, cloud_part in enumerate(subsets(CLOUD)):
        before = scene(seed)
        sizes = (transform for transform in image_part)
        steps = (*cloud_part, *sizes)
        transform = Compose(steps)
        after, params = transform(before, generator=seeded(seed))
        assert isinstance(params, list)
        pairs += check(before, after, cloud_part, params[: len(cloud_part)])
        again, _ = transform(scene(seed), json.loads(json.dumps(params)))
        assert same(after, again)
    assert pairs > 300


def test_order_of_sensors_does_not_matter() -> None:
    cloud_first, params = Compose([*CLOUD, *IMAGE])(scene(0), generator=seeded(0))
    split = len(CLOUD)
    image_first, _ = Compose([*IMAGE, *CLOUD])(scene(0), [*params[split:], *params[:split]])  # type: ignore[index]
    assert same(cloud_first, image_first)


def test_the_sample_that_came_in_stays_as_it_was() -> None:
    before = scene(0)
    Compose([*CLOUD, *IMAGE])(before, generator=seeded(0))
    assert same(before, scene(0))


def same(one: Sample, two: Sample) -> bool:
    def flat(value: Any) -> list[Tensor]:
        if isinstance(value, Mapping):
            return [tensor for key in value for tensor in flat(value[key])]
        return [value.values if isinstance(value, Rows) else value]

    pairs = zip(*([*flat(s.entries), *flat(s.links), *flat(s.labels)] for s in (one, two)), strict=True)
    return all(a.dtype == b.dtype and torch.equal(a.nan_to_num(-7), b.nan_to_num(-7)) for a, b in pairs)
