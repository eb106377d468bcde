"""The sparse U-Net keeps the adapter's contract; its levels say where each point went."""

import copy
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError
from xmodal.modalities.lidar import SparseUNet
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


@pytest.fixture
def model():
    pytest.importorskip("spconv", reason="spconv is not installed", exc_type=ImportError)
    return SparseUNet(widths=(8, 12, 16), voxel_size_m=0.5, blocks=1)


def test_contract(model):
    check_adapter(model)


def test_levels_run_from_large_voxels_to_small_and_know_their_points(model):
    batch = SparseUNet.example(3)
    layers = model(batch, EVERYTHING).layers
    points, real = batch.ragged("lidar").padded()
    assert [layer.x.shape[-1] for layer in layers] == [16, 12, 8]
    for layer, edge in zip(layers, (2.0, 1.0), strict=False):
        centre = layer.where.gather(1, layer.of.clamp_min(0).unsqueeze(-1).expand(-1, -1, 3))
        assert (layer.of >= 0).equal(real)
        assert ((points[..., :3] - centre).abs()[real] <= edge / 2 + 1e-5).all()
        assert [len(row.unique()) for row in (layer.of[i][real[i]] for i in range(3))] == layer.valid.sum(1).tolist()


def test_every_parameter_learns(model):
    model(SparseUNet.example(2), Need(pooled=True)).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_order_of_points_does_not_matter(model):
    points = SparseUNet.example(1).ragged("lidar").values
    order = torch.randperm(len(points))
    a, b = (model(collate([Sample("", {"lidar": Rows(p)})]), EVERYTHING) for p in (points, points[order]))
    assert torch.allclose(a.tokens.x, b.tokens.x, atol=1e-5)
    assert torch.equal(a.tokens.of[0, order], b.tokens.of[0])


def test_points_in_the_last_voxel_are_seen(model):
    corner = torch.tensor([[59.99, 19.99, 1.99, 0.5]])
    a, b = (model(collate([Sample("", {"lidar": Rows(p)})]), EVERYTHING) for p in (corner, corner[:0]))
    assert a.layers[0].x[0, 0].abs().sum() > 0
    assert a.layers[0].valid.sum() == 1
    assert b.tokens.x.shape == (1, 0, 8)


def test_empty_clouds_are_finite_and_have_a_gradient(model):
    batch = replace(SparseUNet.example(2), entries={"lidar": Ragged(torch.zeros(0, 4), torch.tensor([0, 0]))})
    embedding = model(batch, EVERYTHING)
    embedding.pooled.sum().backward()
    assert [layer.x.shape for layer in embedding.layers] == [(2, 0, 16), (2, 0, 12), (2, 0, 8)]
    assert embedding.pooled.isfinite().all()


def test_weights_travel_as_plain_tensors(model, tmp_path):
    batch = SparseUNet.example(2)
    torch.save(model.state_dict(), tmp_path / "a.pt")
    twin = SparseUNet(widths=(8, 12, 16), voxel_size_m=0.5, blocks=1)
    twin.load_state_dict(torch.load(tmp_path / "a.pt", weights_only=True))
    for other in (twin, copy.deepcopy(model)):
        assert torch.equal(other(batch, EVERYTHING).pooled, model(batch, EVERYTHING).pooled)


def test_autocast_stays_close(model):
    batch = SparseUNet.example(2)
    exact = model(batch, EVERYTHING)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(batch, EVERYTHING)
    half.tokens.x.sum().backward()
    assert (half.tokens.x - exact.tokens.x).abs().max() < 0.05 * exact.tokens.x.abs().max()


@pytest.mark.parametrize("changes", [{"widths": ()}, {"blocks": 0}, {"voxel_size_m": 0.0}])
def test_wrong_arguments_are_named(changes):
    with pytest.raises(ConfigError, match="voxel_size_m > 0, found"):
        SparseUNet(**changes)


def test_importing_the_modality_brings_nothing_optional():
    names = ("spconv", "cumm", "timm", "matplotlib", "laspy", "torchvision")
    code = f"import sys, xmodal.modalities.lidar; sys.exit(str([n for n in {names} if n in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
