"""RadarPoints keeps the adapter's contract, groups points into pillars and sees Doppler and cross-section."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.radar import COLUMNS, RadarPoints
from xmodal.modalities.radar.columns import RCS, TIME, V_R, V_R_COMP, VX, VY
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


def batch_of(*clouds):
    return collate([Sample(str(i), {"radar": Rows(c)}) for i, c in enumerate(clouds)])


def at(*places):
    points = torch.zeros(len(places), len(COLUMNS))
    points[:, :3] = torch.tensor(places)
    return points


def cloud(count):
    points = torch.randn(count, len(COLUMNS))
    points[:, :3] = torch.rand(count, 3) * torch.tensor([60.0, 60, 10]) - torch.tensor([0.0, 30, 5])
    return points


@pytest.mark.parametrize("changes", [{}, {"pillar_size_m": 0.0}, {"pool": "max", "cells_m": (2.0,)}], ids=str)
def test_contract(changes):
    check_adapter(RadarPoints(width=16, **changes))


def test_points_of_any_height_share_a_pillar():
    points = at((10.1, 2.1, -4.0), (10.3, 2.3, 4.0), (10.9, 2.1, 0.0), (10.2, 2.2, 9.0), (-1.0, 0.0, 0.0))
    tokens = RadarPoints(width=8)(batch_of(points), EVERYTHING).tokens
    assert tokens.of[0].tolist() == [0, 0, 1, -1, -1]
    assert torch.allclose(tokens.where[0, 0], torch.tensor([10.2, 2.2, 0.0]), atol=1e-5)
    assert tokens.frame == "radar_m"


def test_each_point_is_a_token_when_pillars_have_no_size():
    points = cloud(12)
    tokens = RadarPoints(width=8, pillar_size_m=0)(batch_of(points), EVERYTHING).tokens
    assert tokens.of[0].tolist() == list(range(12))
    assert torch.allclose(tokens.where[0], points[:, :3])


@pytest.mark.parametrize("column", [RCS, V_R, V_R_COMP, VX, VY, TIME])
def test_every_column_of_the_radar_counts(column):
    model, points = RadarPoints(width=16), cloud(30)
    other = points.clone()
    other[:, column] += 1
    before, after = (model(batch_of(p), EVERYTHING).pooled for p in (points, other))
    assert not torch.allclose(before, after, atol=1e-4)


def test_a_cloud_does_not_depend_on_its_batch_nor_on_the_order_of_its_points():
    model, a, b = RadarPoints(width=16), cloud(30), cloud(100)
    both = model(batch_of(a, b[torch.randperm(100)]), EVERYTHING).pooled
    for i, points in enumerate((a, b)):
        assert torch.allclose(both[i], model(batch_of(points), EVERYTHING).pooled[0], atol=1e-5)


def test_empty_clouds_are_finite_and_alike():
    model = RadarPoints(width=16)
    pooled = model(batch_of(cloud(0), cloud(9), at((-9.0, 0, 0))), EVERYTHING).pooled
    assert pooled.isfinite().all()
    assert torch.equal(pooled[0], pooled[2])
    assert model(batch_of(cloud(0), cloud(0)), EVERYTHING).tokens.x.shape == (2, 0, 16)


def test_every_parameter_learns():
    model = RadarPoints(width=16)
    model(batch_of(cloud(60), cloud(50)), Need(pooled=True)).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="pillar_size_m >= 0"):
        RadarPoints(pillar_size_m=-1)
    with pytest.raises(ConfigError, match="low < high"):
        RadarPoints(extent_m=((0.0, 60.0), (5.0, 5.0), (-1.0, 1.0)))
    with pytest.raises(ConfigError, match="positive cell sizes"):
        RadarPoints(cells_m=(0.0,))
    with pytest.raises(DataError, match=r"entry 'radar': expected radar points \[P, 9\], found \[5, 7\]"):
        RadarPoints()(batch_of(torch.zeros(5, 7)), EVERYTHING)
