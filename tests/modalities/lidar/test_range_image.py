"""Range images: the nearest point of each pixel, upright, and tokens that know which points fell into them."""

import math

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError
from xmodal.modalities.lidar import RangeImage, read_points
from xmodal.modalities.lidar.range_projection import RangeView, project
from xmodal.testing import check_adapter

VIEW = RangeView(size=(4, 8), azimuth_deg=(-180, 180), elevation_deg=(-40, 40))
EVERYTHING = Need(pooled=True, tokens=True, layers=True)
SMALL = {"size": (16, 64), "elevation_deg": (-40.0, 40.0)}


def at(azimuth_deg, elevation_deg, distance_m, reflectance=0.5):
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    x, y, z = math.cos(a) * math.cos(e), math.sin(a) * math.cos(e), math.sin(e)
    return [distance_m * x, distance_m * y, distance_m * z, reflectance]


def ragged(*clouds):
    return Ragged(torch.cat([torch.tensor(c).view(-1, 4) for c in clouds]), torch.tensor([len(c) for c in clouds]))


def batch_of(*clouds):
    return collate([Sample(str(i), {"lidar": Rows(c)}) for i, c in enumerate(clouds)])


def cloud(count):
    angles = torch.rand(count, 2) * torch.tensor([358.0, 78]) - torch.tensor([179.0, 39])
    return torch.tensor([at(float(a), float(e), 5 + 20 * float(torch.rand(())), 0.3) for a, e in angles])


def test_left_is_left_up_is_up_and_forward_is_the_middle():
    directions = {(1, 5): (-60, 10), (1, 2): (60, 10), (0, 4): (-1, 35), (3, 3): (1, -35), (2, 0): (179, -10)}
    image, hit, _ = project(ragged([at(*d, 10) for d in directions.values()]), VIEW)
    assert {tuple(p) for p in hit[0].nonzero().tolist()} == set(directions)
    for (row, column), direction in directions.items():
        assert image[0, 1:, row, column].tolist() == pytest.approx(at(*direction, 10), rel=1e-5)
        assert float(image[0, 0, row, column]) == pytest.approx(10, rel=1e-6)
    assert image[0, :, ~hit[0]].abs().max() == 0


def test_the_nearest_point_wins_and_of_equal_ones_the_first():
    points = [at(10, 5, 9, 0.1), at(11, 6, 4, 0.2), at(12, 7, 6, 0.3)]
    image, hit, pixel = project(ragged(points, [points[0], [*points[0][:3], 0.7]], []), VIEW)
    assert hit.flatten(1).sum(1).tolist() == [1, 1, 0]
    assert image[0, 4].max() == pytest.approx(0.2)
    assert image[1, 4].max() == pytest.approx(0.1)
    assert pixel.unique().tolist() == [1 * 8 + 3]


def test_the_image_does_not_depend_on_the_order_of_the_points():
    points = cloud(300)
    first, _, _ = project(Ragged(points, torch.tensor([300])), VIEW)
    again, _, _ = project(Ragged(points[torch.randperm(300)], torch.tensor([300])), VIEW)
    assert torch.equal(first, again)


def test_each_pixel_holds_the_minimum_that_a_loop_finds():
    points = cloud(400)
    image, hit, pixel = project(Ragged(points, torch.tensor([400])), VIEW)
    nearest = {}
    for p, where in zip(points, pixel.tolist(), strict=True):
        nearest[where] = min(nearest.get(where, math.inf), float(p[:3].norm()))
    assert {tuple(divmod(k, 8)) for k in nearest} == {tuple(p) for p in hit[0].nonzero().tolist()}
    for where, distance in nearest.items():
        assert float(image[0, 0].flatten()[where]) == pytest.approx(distance, rel=1e-5)


def test_what_lies_outside_of_the_view_is_not_drawn():
    ahead = RangeView(size=(4, 8), azimuth_deg=(-45, 45), elevation_deg=(-10, 10))
    points = [
        at(50, 0, 5),
        at(-50, 0, 5),
        at(0, 20, 5),
        at(0, -20, 5),
        [math.nan] * 4,
        [math.inf, 0, 0, 0],
        at(0, 0, 5),
    ]
    _, hit, pixel = project(ragged(points), ahead)
    assert (pixel >= 0).tolist() == [False] * 6 + [True]
    assert hit.sum() == 1


def test_both_ends_of_a_full_turn_are_straight_behind():
    behind = [[-5.0, 0.0, 0, 0], [-5.0, -0.0, 0, 0]]
    assert project(ragged(behind), VIEW)[2].tolist() == [2 * 8, 2 * 8 + 7]


@pytest.mark.parametrize("changes", [{}, {"widths": (8, 16)}, {"level": 0}, {"features": 4, "size": (17, 50)}], ids=str)
def test_contract(changes):
    check_adapter(RangeImage(**SMALL | changes))


def test_contract_with_a_timm_backbone():
    check_adapter(RangeImage(size=(64, 64), elevation_deg=(-60.0, 60.0), backbone="resnet18", level=1))


def test_tokens_are_valid_where_points_are_and_know_them():
    model, points = RangeImage(**SMALL, level=0), cloud(40)
    tokens = model(batch_of(points, points[:0]), EVERYTHING).tokens
    assert tokens.grid == (16, 32)
    assert tokens.valid[1].sum() == 0
    assert (tokens.of[1] == -1).all()
    assert set(tokens.of[0].tolist()) == set(tokens.valid[0].nonzero().flatten().tolist())
    _, _, pixel = project(batch_of(points).ragged("lidar"), model.view)
    assert torch.equal(tokens.of[0], pixel // 64 * 32 + pixel % 64 // 2)


def test_where_is_the_mean_of_the_drawn_points():
    near, far, beside = at(10, 5, 8), at(10, 5, 20), at(5, 5, 12)
    tokens = RangeImage(**SMALL)(batch_of(torch.tensor([near, far, beside])), EVERYTHING).tokens
    assert tokens.grid == (4, 8)
    token = tokens.of[0].unique().tolist()
    assert len(token) == 1
    expected = (torch.tensor(near[:3]) + torch.tensor(beside[:3])) / 2
    assert torch.allclose(tokens.where[0, token[0]], expected, atol=1e-4)


def test_columns_beyond_the_fourth_are_not_read():
    model, points = RangeImage(**SMALL, features=6), torch.cat([cloud(30), torch.randn(30, 2)], 1)
    other = points.clone()
    other[:, 4:] = 7
    assert torch.equal(model(batch_of(points), EVERYTHING).pooled, model(batch_of(other), EVERYTHING).pooled)


def test_every_parameter_learns():
    model = RangeImage(**SMALL)
    model(batch_of(cloud(300), cloud(200)), EVERYTHING).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    for changes, message in (
        ({"features": 3}, "features: expected at least 4"),
        ({"azimuth_deg": (10.0, -10.0)}, "azimuth_deg: expected low < high within ±180"),
        ({"elevation_deg": (-95.0, 0.0)}, "elevation_deg: expected low < high within ±90"),
        ({"size": (0, 5)}, "size: expected positive"),
        ({"level": 3}, "level: expected one of 3 maps, found 3"),
        ({"widths": ()}, "widths: expected 1 to 3 stages"),
        ({"unit": (1.0,)}, "expected 5 numbers"),
        ({"backbone": "nonet"}, "timm knows no backbone 'nonet'"),
    ):
        with pytest.raises(ConfigError, match=message):
            RangeImage(**changes)


def test_a_real_scan_fills_most_of_the_image(data_root):
    path = data_root / "kitti-3frames" / "training" / "velodyne" / "000000.bin"
    if not path.exists():
        path = sorted(path.parent.glob("*.bin"))[0]
    points = read_points(path).values
    image, hit, pixel = project(Ragged(points, torch.tensor([len(points)])), RangeView())
    assert (pixel >= 0).float().mean() > 0.95
    assert hit.float().mean() > 0.6
    assert torch.allclose(image[0, 0], image[0, 1:4].norm(dim=0), rtol=1e-5)
    # The road lies below: rows under the horizon are nearer the ground than those above.
    assert image[0, 3, -10:][hit[0, -10:]].median() < image[0, 3, :10][hit[0, :10]].median()
