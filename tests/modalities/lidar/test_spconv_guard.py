"""Sparse convolutions on a CPU, under two threads, against torch's dense ones."""

import sys

import pytest
import torch
from torch.nn import functional as F

from xmodal.errors import XmodalError
from xmodal.modalities.lidar.spconv_guard import guard_spconv, load_spconv

# Large enough for the race: unguarded, clouds of this size are off by 0.3 to 1.2 (measured with two threads), while
# clouds of 130 voxels run in one thread and come out right by themselves.
SHAPE = (12, 16, 8)
WIDTHS = (16, 24)


@pytest.fixture
def spconv():
    try:
        return load_spconv()
    except XmodalError as error:
        pytest.skip(str(error))


@pytest.fixture
def _two_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2, "the caller's thread count was not restored"
    torch.set_num_threads(threads)


def cloud(seed):
    torch.manual_seed(seed)
    occupied = torch.rand(2, *SHAPE) < 0.3
    indices = occupied.nonzero()
    return indices.int(), torch.randn(len(indices), WIDTHS[0])


def dense_of(features, indices):
    out = features.new_zeros(2, *SHAPE, features.shape[1])
    return out.index_put(tuple(indices.long().T), features).permute(0, 4, 1, 2, 3)


def at(dense, indices):
    sample, x, y, z = indices.long().T
    return dense[sample, :, x, y, z]


def kernel(conv):
    return conv.weight.permute(0, 4, 1, 2, 3)


def submanifold(spconv):
    conv = spconv.SubMConv3d(*WIDTHS, 3, padding=1)
    return conv, lambda dense: F.conv3d(dense, kernel(conv), conv.bias, padding=1)


def strided(spconv):
    conv = spconv.SparseConv3d(*WIDTHS, 2, stride=2)
    return conv, lambda dense: F.conv3d(dense, kernel(conv), conv.bias, stride=2)


def inverse(spconv):
    down = spconv.SparseConv3d(*WIDTHS, 2, stride=2, bias=False, indice_key="down")
    up = spconv.SparseInverseConv3d(WIDTHS[1], WIDTHS[0], 2, indice_key="down")

    def reference(dense):
        coarse = F.conv3d(dense, kernel(down), stride=2)
        return F.conv_transpose3d(coarse, kernel(up).transpose(0, 1), up.bias, stride=2)

    return spconv.SparseSequential(down, up), reference


LAYERS = [submanifold, strided, inverse]


@pytest.mark.usefixtures("_two_threads")
@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "autocast"])
@pytest.mark.parametrize("make", LAYERS)
def test_values_and_all_gradients_equal_the_dense_convolution(spconv, make, autocast):
    for seed in range(20):
        indices, features = cloud(seed)
        layer, reference = make(spconv)
        leaves = (features.requires_grad_(), *layer.parameters())
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            out = layer(spconv.SparseConvTensor(features, indices, SHAPE, 2))
            pull = torch.randn_like(out.features)
            grads = torch.autograd.grad(out.features, leaves, pull)
        expected = at(reference(dense_of(features, indices)), out.indices)
        assert out.features.dtype == torch.float32
        assert (out.features - expected).abs().max() < 1e-5
        for a, b in zip(grads, torch.autograd.grad(expected, leaves, pull), strict=True):
            assert (a - b).abs().max() < 1e-5 * b.abs().max().clamp_min(1)


@pytest.mark.usefixtures("_two_threads")
@pytest.mark.parametrize("make", LAYERS)
def test_every_bit_repeats(spconv, make):
    indices, features = cloud(0)
    layer, _ = make(spconv)
    leaves = (features.requires_grad_(), *layer.parameters())

    def run():
        out = layer(spconv.SparseConvTensor(features, indices, SHAPE, 2)).features
        return [out, *torch.autograd.grad(out.square().sum(), leaves)]

    first = run()
    for _ in range(4):
        assert all(torch.equal(a, b) for a, b in zip(first, run(), strict=True))


@pytest.mark.parametrize("make", LAYERS)
def test_a_bias_works_in_eval_mode(spconv, make):
    indices, features = cloud(0)
    layer, _ = make(spconv)

    def run():
        return layer(spconv.SparseConvTensor(features, indices, SHAPE, 2)).features

    trained = run()
    layer.eval()
    assert torch.allclose(run(), trained, atol=1e-6)


def test_half_precision_features_come_with_half_precision_gradients(spconv):
    indices, features = cloud(0)
    layer, _ = submanifold(spconv)
    half = features.bfloat16().requires_grad_()
    out = layer(spconv.SparseConvTensor(half, indices, SHAPE, 2)).features
    out.sum().backward()
    exact = layer(spconv.SparseConvTensor(half.detach().float(), indices, SHAPE, 2)).features
    assert torch.equal(out, exact)
    assert half.grad.dtype == torch.bfloat16


@pytest.mark.usefixtures("_two_threads")
def test_the_thread_count_comes_back_after_an_error(spconv):
    with pytest.raises(TypeError):
        spconv.ops.indice_conv(torch.zeros(1, 1), torch.zeros(1, 1))


def test_guarding_twice_wraps_once(spconv):
    before = spconv.ops.indice_conv
    guard_spconv(spconv.ops)
    assert spconv.ops.indice_conv is before


def test_a_missing_spconv_names_the_extra(monkeypatch):
    load_spconv.cache_clear()
    monkeypatch.setitem(sys.modules, "spconv", None)
    monkeypatch.setitem(sys.modules, "spconv.pytorch", None)
    with pytest.raises(XmodalError, match=r"xmodal\[lidar\]"):
        load_spconv()
