"""Radar transforms: places and velocities move together, and every draw replays."""

import json

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.radar import compensate
from xmodal.modalities.radar.columns import COLUMNS, RCS, V_R, VX, VY
from xmodal.modalities.radar.transforms import DropPoints, FlipY, JitterRcs, PolarNoise, RotateZ

ALL = [RotateZ(), FlipY(1.0), DropPoints(0.5), JitterRcs(), PolarNoise()]


def cloud(count=200):
    points = torch.randn(count, len(COLUMNS)) * 10
    points = compensate(points, torch.zeros(3))  # vx, vy fit v_r
    return Sample(
        "s",
        {"radar": Rows(points), "lidar": Rows(torch.randn(7, 4))},
        {("radar", "image"): Rows(torch.rand(count, 2)), ("lidar", "radar"): Rows(torch.randn(7, 3))},
        {"seg": {"radar": Rows(torch.arange(count))}},
    )


def values(sample):
    return sample.entries["radar"].values


def flat(sample):
    tensors = [e.values for e in sample.entries.values()] + [r.values for r in sample.links.values()]
    return [t.clone() for t in [*tensors, sample.labels["seg"]["radar"].values]]


@pytest.mark.parametrize("transform", ALL, ids=lambda t: type(t).__name__)
def test_recorded_params_replay_bit_for_bit_and_the_input_stays(transform):
    sample = cloud()
    before = flat(sample)
    out, params = transform(sample, generator=seeded(3))
    again, same = transform(sample, json.loads(json.dumps(params)))
    assert same == params
    assert all(torch.equal(a, b) for a, b in zip(flat(out), flat(again), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(before, flat(sample), strict=True))
    assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(before, flat(out), strict=True))


def test_a_quarter_turn_takes_places_and_velocities_from_forward_to_left():
    points = torch.zeros(1, len(COLUMNS))
    points[0, [0, 2, RCS, V_R, VX]] = torch.tensor([10.0, 1, 5, 3, 2])
    out, _ = RotateZ()(Sample("s", {"radar": Rows(points)}), {"degrees": 90.0})
    expected = torch.zeros(1, len(COLUMNS))
    expected[0, [1, 2, RCS, V_R, VY]] = torch.tensor([10.0, 1, 5, 3, 2])
    assert torch.allclose(values(out), expected, atol=1e-5)


@pytest.mark.parametrize("transform", [RotateZ(), FlipY(1.0), PolarNoise(0.3, 5.0)], ids=lambda t: type(t).__name__)
def test_velocities_stay_on_the_line_of_sight_at_the_measured_speed(transform):
    sample = cloud()
    out = values(transform(sample, generator=seeded(0))[0])
    assert torch.equal(out[:, V_R], values(sample)[:, V_R])
    assert torch.allclose(out[:, [VX, VY]].norm(dim=1), values(sample)[:, [VX, VY]].norm(dim=1), atol=1e-4)
    assert torch.allclose(out[:, 0] * out[:, VY], out[:, 1] * out[:, VX], atol=1e-2)


def test_flip_mirrors_left_and_right_only():
    sample = cloud()
    out, _ = FlipY(1.0)(sample)
    sign = torch.ones(len(COLUMNS))
    sign[[1, VY]] = -1
    assert torch.equal(values(out), values(sample) * sign)
    assert FlipY(0.0)(sample)[0] is sample


@pytest.mark.parametrize("transform", [RotateZ(), FlipY(1.0)], ids=lambda t: type(t).__name__)
def test_what_is_located_in_the_cloud_moves_with_it(transform):
    points = values(cloud(7))
    sample = Sample("s", {"radar": Rows(points)}, {("lidar", "radar"): Rows(points[:, :3])})
    out, _ = transform(sample)
    assert torch.equal(out.links[("lidar", "radar")].values, values(out)[:, :3])


def test_dropped_points_take_links_and_labels_along():
    sample = cloud()
    out, _ = DropPoints(0.5)(sample)
    number = out.labels["seg"]["radar"].values
    assert 60 < len(number) < 140
    assert torch.equal(values(out), values(sample)[number])
    assert torch.equal(out.links[("radar", "image")].values, sample.links[("radar", "image")].values[number])


def test_rcs_noise_has_the_spread_it_says_and_touches_nothing_else():
    sample = cloud(20000)
    out, _ = JitterRcs(2.0)(sample, generator=seeded(0))
    noise = values(out) - values(sample)
    assert float(noise[:, RCS].std()) == pytest.approx(2.0, rel=0.03)
    noise[:, RCS] = 0
    assert not noise.any()


def test_polar_noise_has_its_spread_along_and_across_the_line_of_sight():
    sample = cloud(20000)
    out, _ = PolarNoise(0.5, 2.0)(sample, generator=seeded(0))
    before, after = values(sample), values(out)
    far = before[:, :3].norm(dim=1) > 3
    distance = (after[:, :3].norm(dim=1) - before[:, :3].norm(dim=1))[far]
    assert float(distance.std()) == pytest.approx(0.5, rel=0.03)
    angle = torch.atan2(after[:, 1], after[:, 0]) - torch.atan2(before[:, 1], before[:, 0])
    turned = torch.rad2deg((angle + torch.pi).remainder(2 * torch.pi) - torch.pi)
    assert float(turned[far].std()) == pytest.approx(2.0, rel=0.03)
    elevation = [torch.atan2(p[:, 2], p[:, :2].norm(dim=1)) for p in (before, after)]
    assert torch.allclose(*(e[far] for e in elevation), atol=1e-3)


@pytest.mark.parametrize("transform", ALL, ids=lambda t: type(t).__name__)
def test_an_empty_cloud_stays_empty(transform):
    out, _ = transform(Sample("s", {"radar": Rows(torch.zeros(0, len(COLUMNS)))}))
    assert values(out).shape == (0, len(COLUMNS))


@pytest.mark.parametrize("transform", [RotateZ(), FlipY(1.0), JitterRcs(), PolarNoise()])
def test_other_columns_are_refused(transform):
    with pytest.raises(DataError, match=r"entry 'radar' of 's': expected radar points \[P, 9\], found \[5, 4\]"):
        transform(Sample("s", {"radar": Rows(torch.zeros(5, 4))}))


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="JitterRcs"):
        JitterRcs(-1)
    with pytest.raises(ConfigError, match="PolarNoise"):
        PolarNoise(0.1, -1)
    with pytest.raises(ConfigError, match="DropPoints"):
        DropPoints(1.0)
