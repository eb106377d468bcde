"""Backbones for images of n channels."""

import pytest
import torch

from xmodal.errors import ConfigError
from xmodal.modalities.maps import SmallConv, TimmMaps, backbone_of, level_of, map_tokens


def test_small_convolutions_halve_the_sides_of_any_image():
    net = SmallConv(7, (4, 8))
    maps = net(torch.randn(2, 7, 13, 5))
    assert [tuple(m.shape) for m in maps] == [(2, 4, 7, 3), (2, 8, 4, 2)]
    assert net.strides == (2, 4)
    assert [tuple(m.shape) for m in net(torch.randn(1, 7, 1, 1))] == [(1, 4, 1, 1), (1, 8, 1, 1)]


def test_a_timm_model_takes_other_channels_than_three():
    net = backbone_of("resnet10t", 5, (), {"out_indices": (1, 2)})
    assert isinstance(net, TimmMaps)
    maps = net.eval()(torch.randn(1, 5, 32, 48))
    assert [tuple(m.shape) for m in maps] == [
        (1, width, 32 // stride, 48 // stride) for width, stride in zip(net.widths, net.strides, strict=True)
    ]


def test_the_deepest_map_of_a_stride_is_chosen():
    assert level_of((2, 4, 4, 8), 4) == 2
    assert level_of((2, 4, 4, 8), None) == 3
    with pytest.raises(ConfigError, match=r"expected one of \[2, 4\], found 3"):
        level_of((2, 4), 3)
    with pytest.raises(ConfigError, match="widths"):
        SmallConv(3, ())


def test_cells_run_along_the_rows():
    image = torch.arange(6.0).view(1, 1, 2, 3)
    tokens = map_tokens(image, (20, 60), frame="image_px", key="raster")
    assert tokens.x.flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert tokens.grid == (2, 3)
    assert tokens.where[0].tolist() == [[10, 5], [30, 5], [50, 5], [10, 15], [30, 15], [50, 15]]
