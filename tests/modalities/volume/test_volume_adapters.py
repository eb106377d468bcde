"""Adapters of volumes keep the contract; tokens lie where their cells do; networks equal MONAI's own forward."""

import sys

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError, XmodalError
from xmodal.modalities.volume import MonaiVolume, SliceEncoder, VolumeConv
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


def batch_of(volumes, key="volume"):
    return Batch(tuple("ab"[: len(volumes)]), {key: volumes}, torch.arange(len(volumes)))


def two():
    return batch_of(torch.randn(2, 1, 32, 32, 32))


@pytest.mark.parametrize("changes", [{}, {"widths": (6, 10)}, {"token_level": 1, "dropout": 0.3}], ids=str)
def test_volume_conv_keeps_the_contract(changes):
    check_adapter(VolumeConv(**changes))


@pytest.mark.parametrize("name", ["resnet10", "densenet121"])
def test_monai_volume_keeps_the_contract(name):
    pytest.importorskip("monai")
    check_adapter(MonaiVolume(name), two())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "swin_unetr"])
def test_larger_monai_volumes_keep_the_contract(name):
    pytest.importorskip("monai")
    check_adapter(MonaiVolume(name, token_level=1), two())


@pytest.mark.parametrize("changes", [{}, {"plane": "sagittal", "every": 5}], ids=str)
def test_slice_encoder_keeps_the_contract(changes):
    check_adapter(SliceEncoder("resnet10t", **changes), two())


def test_grids_and_places_follow_the_volume():
    model = VolumeConv(key="volume/mri", channels=2, widths=(4, 8))
    batch = batch_of(torch.randn(1, 2, 8, 12, 17), "volume/mri")
    tokens = model(batch, EVERYTHING).tokens
    assert tokens.grid == (2, 3, 5)
    assert tokens.key == "volume/mri"
    # A cell of 4 voxels covers the centres 0 to 3: its own lies at 1.5. Order x, y, z; x runs fastest.
    assert tokens.where[0, 0, 1:].tolist() == [1.5, 1.5]
    assert tokens.where[0, 5].tolist()[1:] == [5.5, 1.5]
    assert tokens.where[0, :5, 0].tolist() == pytest.approx([3.4 * (i + 0.5) - 0.5 for i in range(5)], abs=1e-5)


def test_a_token_sees_the_place_it_names():
    model = VolumeConv(widths=(4, 8)).eval()
    volume = torch.zeros(1, 1, 16, 16, 16)
    bright = volume.clone()
    bright[0, 0, 2, 9, 13] = 50.0  # z, y, x
    before, after = (model.stages[0].down(v).flatten(2).transpose(1, 2) for v in (volume, bright))
    where = model(batch_of(volume), EVERYTHING).layers[0].where[0]
    nearest = where[(after - before)[0].abs().sum(-1).argmax()]
    assert (nearest - torch.tensor([13.0, 9.0, 2.0])).abs().max() <= 1.5


def test_stages_called_one_by_one_equal_the_forward_of_monai():
    nets = pytest.importorskip("monai.networks.nets")
    volume = torch.randn(1, 1, 32, 32, 32)
    own = MonaiVolume("resnet10").eval()
    theirs = nets.resnet10(spatial_dims=3, n_input_channels=1, num_classes=1, feed_forward=False).eval()
    theirs.load_state_dict(own.backbone.net.state_dict())
    assert torch.allclose(own(batch_of(volume), EVERYTHING).pooled, theirs(volume), atol=1e-6)
    dense = MonaiVolume("densenet121").eval()
    full = nets.DenseNet121(spatial_dims=3, in_channels=1, out_channels=3).eval()
    full.features.load_state_dict(dense.backbone.net.state_dict())
    pooled = dense(batch_of(volume), EVERYTHING).pooled
    assert torch.allclose(full.class_layers.out(pooled), full(volume), atol=1e-5)


@pytest.mark.slow
def test_the_swin_encoder_is_that_of_swin_unetr():
    nets = pytest.importorskip("monai.networks.nets")
    whole = nets.SwinUNETR(in_channels=1, out_channels=2, feature_size=24).eval()
    own = MonaiVolume("swin_unetr").eval()
    own.backbone.net.load_state_dict(whole.swinViT.state_dict())
    volume = torch.randn(1, 1, 32, 32, 32)
    layers = own(batch_of(volume), EVERYTHING).layers
    for layer, theirs in zip(layers, whole.swinViT(volume), strict=True):
        assert torch.allclose(layer.x, theirs.flatten(2).transpose(1, 2), atol=1e-5)


def test_weights_load_from_safetensors_and_others_are_refused(tmp_path):
    pytest.importorskip("monai")
    from safetensors.torch import save_file

    first = MonaiVolume("resnet10").eval()
    state = first.backbone.net.state_dict()
    file = str(tmp_path / "net.safetensors")
    save_file(state, file)
    second = MonaiVolume("resnet10", weights=file).eval()
    assert torch.equal(
        first(two(), EVERYTHING).pooled.shape and second.backbone.net.conv1.weight, state["conv1.weight"]
    )
    save_file({**state, "conv1.weight": torch.zeros(1)}, file)
    with pytest.raises(DataError, match=r"1 that differ, first 'conv1\.weight'"):
        MonaiVolume("resnet10", weights=file)
    (tmp_path / "net.safetensors").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"a readable \.safetensors"):
        MonaiVolume("resnet10", weights=file)
    with pytest.raises(DataError, match=r"existing \.safetensors"):
        MonaiVolume("resnet10", weights=str(tmp_path / "net.pth"))


def test_slices_are_tokens_along_the_chosen_axis():
    volume = torch.randn(1, 1, 10, 32, 48)
    for plane, slices, place in (("axial", 10, 2), ("coronal", 32, 1), ("sagittal", 48, 0)):
        model = SliceEncoder("resnet10t", plane=plane).eval()
        with torch.no_grad():
            tokens = model(batch_of(volume), EVERYTHING).tokens
        assert tokens.grid == (slices,)
        assert tokens.where[0, :, place].tolist() == list(range(slices))
        others = [i for i in range(3) if i != place]
        assert tokens.where[0, 0, others].tolist() == [(volume.shape[4 - i] - 1) / 2 for i in others]


def test_a_slice_changes_its_own_token_only_and_attention_sums_to_one():
    model = SliceEncoder("resnet10t", every=2).eval()
    volume = torch.randn(1, 1, 7, 32, 32)
    changed = volume.clone()
    changed[:, :, 3] += 1
    with torch.no_grad():
        a, b = (model(batch_of(v), EVERYTHING).tokens for v in (volume, changed))
    assert a.where[0, :, 2].tolist() == [1, 3, 5]
    assert (a.x != b.x).any(-1)[0].tolist() == [False, True, False]
    weights = model.pool.weights(a.x)
    assert float(weights.detach().sum()) == pytest.approx(1, abs=1e-6)
    with torch.no_grad():
        assert model(batch_of(volume[:, :, :1]), EVERYTHING).tokens.grid == (1,)


def test_every_parameter_learns():
    pytest.importorskip("monai")
    for model in (VolumeConv(), MonaiVolume("resnet10")):
        model(two(), Need(pooled=True)).pooled.square().sum().backward()
        assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    # timm begins residual branches at 0, so that some gradients are 0 at first; none may be missing.
    slices = SliceEncoder("resnet10t", every=8)
    slices(two(), Need(pooled=True)).pooled.square().sum().backward()
    assert [name for name, p in slices.named_parameters() if p.grad is None] == []
    assert slices.pool.gate.weight.grad.any()


def test_mistakes_are_named(monkeypatch):
    with pytest.raises(DataError, match=r"expected float \[B, 1, Z, Y, X\], found torch\.float32 \[1, 3, 8, 8, 8\]"):
        VolumeConv()(batch_of(torch.zeros(1, 3, 8, 8, 8)), EVERYTHING)
    with pytest.raises(ConfigError, match="token_level"):
        VolumeConv(token_level=4)
    with pytest.raises(ConfigError, match="plane"):
        SliceEncoder(plane="oblique")
    with pytest.raises(ConfigError, match="no_such_net"):
        SliceEncoder("no_such_net")
    with pytest.raises(ConfigError, match="resnet11"):
        MonaiVolume("resnet11")
    monkeypatch.setitem(sys.modules, "monai.networks", None)
    with pytest.raises(XmodalError, match=r"pip install 'xmodal\[medical\]'"):
        MonaiVolume()


def test_volumes_too_small_for_a_deep_network_are_refused():
    pytest.importorskip("monai")
    with pytest.raises(DataError, match="sides of at least 32 voxels"):
        MonaiVolume()(batch_of(torch.zeros(1, 1, 32, 32, 31)), EVERYTHING)
