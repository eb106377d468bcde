"""PointNet keeps the adapter's contract, reads a set of points, and pools the marked ones on their own."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar import PointNet
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
EXTENT_M = ((-5.0, 5.0), (-5.0, 5.0), (0.0, 40.0))


def net(**changes):
    return PointNet(**{"widths": (8, 16), "width": 12, "features": 5, "unit_m": (3.0, 3.0, 8.0), "part": 4} | changes)


def batch_of(*clouds):
    return collate([Sample(str(i), {"lidar": Rows(cloud)}) for i, cloud in enumerate(clouds)])


def cloud(count, *, share=0.5):
    """Points inside the extent, the first `share` of them marked."""
    points = torch.rand(count, 5)
    low, high = torch.tensor(EXTENT_M).unbind(1)
    points[:, :3] = low + points[:, :3] * (high - low)
    points[:, 4] = (torch.arange(count) < share * count).float()
    return points


@pytest.mark.parametrize("changes", [{}, {"part": 3}, {"pool": "max"}, {"dropout": 0.5}], ids=str)
def test_contract(changes):
    check_adapter(PointNet(**{"widths": (8, 16), "width": 12} | changes))


def test_a_cloud_does_not_depend_on_its_batch_nor_on_the_order_of_its_points():
    model, a, b = net(), cloud(30), cloud(200)
    both = model(batch_of(a, b[torch.randperm(200)]), EVERYTHING)
    for i, points in enumerate((a, b)):
        alone = model(batch_of(points), EVERYTHING)
        assert torch.allclose(both.pooled[i], alone.pooled[0], atol=1e-5)


def test_a_point_is_a_token_that_knows_only_itself():
    model, points = net(), cloud(20)
    moved = points.clone()
    moved[3, 2] += 1.0
    before, after = (model(batch_of(p), EVERYTHING).tokens for p in (points, moved))
    differs = (before.x != after.x).any(-1)[0]
    assert before.of[0].tolist() == list(range(20))
    assert differs.nonzero().flatten().tolist() == [3]


def test_the_marked_points_have_a_pool_of_their_own():
    model, points = net(), cloud(40)
    crowded = torch.cat([points, cloud(400, share=0)])
    x, context = model.pools[1], model.pools[0]
    seen = {}
    hooks = [p.register_forward_hook(lambda m, i, o: seen.setdefault(m, []).append(o)) for p in (x, context)]
    model(batch_of(points), EVERYTHING), model(batch_of(crowded), EVERYTHING)
    for hook in hooks:
        hook.remove()
    assert torch.allclose(*seen[x], atol=1e-5)
    assert not torch.allclose(*seen[context], atol=1e-3)


def test_clouds_without_points_or_without_marked_points_are_finite():
    model, points = net(), cloud(10)
    pooled = model(batch_of(points[:0], points, cloud(10, share=0), points * torch.nan), Need(pooled=True)).pooled
    assert pooled.isfinite().all()
    assert torch.equal(pooled[0], pooled[3])


def test_every_parameter_learns():
    model = net()
    model(batch_of(cloud(30), cloud(20)), Need(pooled=True)).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="part: expected a column from 0 to 4, found 5"):
        net(part=5)
    with pytest.raises(ConfigError, match="at least one width"):
        net(widths=())
    with pytest.raises(ConfigError, match="unit_m: expected three positive lengths"):
        net(unit_m=(1.0, 0.0, 1.0))
    with pytest.raises(DataError, match=r"expected points \[P, 5\]"):
        net()(batch_of(torch.zeros(3, 4)), EVERYTHING)
