"""BevPoints keeps the adapter's contract; pillars equal a slow loop; two sensors' cells are the same places."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar import BevPoints
from xmodal.modalities.lidar.bev_pillars import BevCells, pillars_of
from xmodal.modalities.radar import RadarPoints
from xmodal.pairs import pair_tokens
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
RADAR = {"key": "radar", "units": (1.0, 10.0, 10.0, 10.0, 10.0, 10.0, 1.0), "origin_m": (1.6, 0.0)}
CELLS = BevCells(((0.0, 12.0), (-4.0, 4.0)), 2.0, (-3.0, 3.0), (0.5, -0.25))


def batch_of(*clouds, key="lidar"):
    return collate([Sample(str(i), {key: Rows(c)}) for i, c in enumerate(clouds)])


def cloud(count, columns=4):
    points = torch.randn(count, columns)
    points[:, :2] = torch.rand(count, 2) * torch.tensor([14.0, 10.0]) - torch.tensor([1.0, 5.0])
    return points


@pytest.mark.parametrize("changes", [{}, {"widths": (8,), "width": 6}, {"cell_m": 3.0}], ids=str)
def test_contract(changes):
    check_adapter(BevPoints(**changes))


def test_contract_of_a_radar():
    check_adapter(BevPoints(**RADAR, height_m=(-5.0, 15.0)), RadarPoints.example(4))


def test_pillars_equal_a_slow_loop():
    torch.manual_seed(0)
    clouds = [cloud(60), cloud(40)]
    found = pillars_of(Ragged(torch.cat(clouds), torch.tensor([60, 40])), CELLS, (1.0, 2.0))
    assert CELLS.shape == (6, 4)
    expected = torch.zeros(2, 24, 9)
    for sample, points in enumerate(clouds):
        members = {}
        for number, (x, y, z, i) in enumerate(points.tolist()):
            row, column = (x + 0.5) / 2, (y - 0.25 + 4) / 2
            cell = -1
            if 0 <= row < 6 and 0 <= column < 4 and -3 <= z < 3:
                cell = int(row) * 4 + int(column)
                members.setdefault(cell, []).append((row % 1 - 0.5, column % 1 - 0.5, z, i / 2))
            assert int(found.of[sample, number]) == cell
        for cell, rows in members.items():
            rows = torch.tensor(rows)
            crowd = torch.tensor([float(len(rows))]).log1p()
            expected[sample, cell] = torch.cat([crowd, rows.mean(0), rows[:, 2:].amax(0), -rows[:, 2:].amin(0)])
    torch.testing.assert_close(found.features, expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(found.occupied, expected[..., 0] > 0)


def test_layers_have_the_grids_places_and_points_of_their_scale():
    model, points = BevPoints(widths=(8, 12, 16), width=10), cloud(50)
    embedding = model(batch_of(points, cloud(20)), EVERYTHING)
    assert [layer.grid for layer in embedding.layers] == [(32, 24), (32, 24), (16, 12), (8, 6)]
    assert embedding.tokens.grid == (32, 24)
    for layer, edge in zip(embedding.layers, (1.5, 1.5, 3.0, 6.0), strict=True):
        inside = layer.of[0] >= 0
        middle = layer.where[0, layer.of[0, inside]]
        assert (points[inside, :2] - middle).abs().max() <= edge / 2 + 1e-4
    first = embedding.layers[0]
    assert not first.x[~first.valid].any()
    assert embedding.layers[1].valid is None
    assert all((layer.x >= 0).all() for layer in embedding.layers)


def test_two_sensors_pair_cell_by_cell_and_a_coarser_grid_by_place():
    lidar, radar, coarse = BevPoints(), BevPoints(**RADAR), BevPoints(cell_m=3.0, widths=(8, 8))
    clouds = [Sample(str(i), {"lidar": Rows(cloud(30)), "radar": Rows(cloud(20, 9))}) for i in range(2)]
    batch = collate(clouds)
    seen, found, wide = (model(batch, EVERYTHING).tokens for model in (lidar, radar, coarse))
    index = pair_tokens(found, seen, batch).index
    assert len(index) == 2 * 32 * 24
    assert torch.equal(index[:, 1], index[:, 2])
    index = pair_tokens(found, wide, batch).index
    row, column = index[:, 1] // 24, index[:, 1] % 24
    assert len(index) == 2 * 32 * 24
    assert torch.equal(index[:, 2], row // 2 * 12 + column // 2)


def test_the_place_of_the_sensor_moves_the_points():
    points = torch.tensor([[10.0, 0.1, 0.0, 0.5]])
    here, ahead = (BevPoints(origin_m=(x, 0.0))(batch_of(points, points), EVERYTHING) for x in (0.0, 3.0))
    assert int(ahead.tokens.of[0, 0]) - int(here.tokens.of[0, 0]) == 2 * 24


def test_clouds_without_points_are_finite_and_order_does_not_matter():
    model, points = BevPoints().eval(), cloud(40)
    embedding = model(batch_of(points[:0], points, points[torch.randperm(40)], points * torch.nan), EVERYTHING)
    assert embedding.pooled.isfinite().all()
    torch.testing.assert_close(embedding.pooled[1], embedding.pooled[2])
    assert not embedding.layers[0].valid[0].any()


def test_every_parameter_learns():
    model = BevPoints()
    embedding = model(batch_of(cloud(60), cloud(50)), EVERYTHING)
    (embedding.pooled.sum() + embedding.tokens.x.square().sum()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_pictures_are_those_of_the_sensor():
    sample = Sample("a", {"radar": Rows(cloud(30, 9))})
    assert (BevPoints.picture(sample, "radar") == RadarPoints.picture(sample, "radar")).all()


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="units > 0"):
        BevPoints(units=())
    with pytest.raises(ConfigError, match="cannot be halved 2 times"):
        BevPoints(extent_m=((0.0, 9.0), (-3.0, 3.0)))
    with pytest.raises(ConfigError, match="low < high"):
        BevPoints(height_m=(2.0, 1.0))
    with pytest.raises(DataError, match=r"entry 'lidar': expected points \[P, 4\]"):
        BevPoints()(batch_of(cloud(5, 9), cloud(5, 9)), EVERYTHING)
