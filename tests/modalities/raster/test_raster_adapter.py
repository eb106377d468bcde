"""RasterConv keeps the contract, knows what was not measured, and takes any backbone."""

import numpy as np
import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.raster import RasterConv
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


def batch_of(values: torch.Tensor) -> Batch:
    return Batch(tuple(map(str, range(len(values)))), {"raster": values}, torch.arange(len(values)))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"token_stride": 4},
        pytest.param({"backbone": "resnet10t", "token_stride": 8}, marks=pytest.mark.slow),
        {"mixed": 3},
    ],
    ids=str,
)
def test_contract(options):
    check_adapter(RasterConv(**options))


def test_tokens_lie_at_the_middle_of_their_cells():
    tokens = RasterConv(token_stride=8)(batch_of(torch.randn(1, 4, 16, 32)), EVERYTHING).tokens
    assert tokens.grid == (2, 4)
    assert tokens.frame == "image_px"
    assert tokens.where[0].tolist() == [[u, v] for v in (4.0, 12.0) for u in (4.0, 12.0, 20.0, 28.0)]


def test_values_that_were_not_measured_never_reach_the_numbers():
    model = RasterConv().eval()
    values = torch.randn(1, 4, 16, 16)
    gone = torch.rand(values.shape) < 0.3
    a = model(batch_of(values.masked_fill(gone, torch.nan)), EVERYTHING)
    assert a.pooled.isfinite().all()
    assert not torch.equal(a.pooled, model(batch_of(values.masked_fill(gone, 0)), EVERYTHING).pooled)
    assert model(batch_of(torch.full((2, 4, 8, 8), torch.nan)), EVERYTHING).pooled.isfinite().all()


def test_a_missing_value_takes_the_fill_of_its_band_and_is_counted():
    model = RasterConv(bands=2, mean=[10.0, 20.0], std=[2.0, 4.0])
    with torch.no_grad():
        model.fill.copy_(torch.tensor([0.5, -0.5]).view(2, 1, 1))
    values = torch.tensor([[[[12.0, torch.nan]], [[torch.nan, torch.nan]]]])
    filled = model._filled(values)
    assert filled[0, :, 0].tolist() == [[1.0, 0.5], [-0.5, -0.5], [0.5, 0.0]]


def test_every_parameter_learns():
    model = RasterConv()
    model(RasterConv.example(3), Need(pooled=True)).pooled.sin().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(DataError, match=r"floats \[B, 4, H, W\], found torch.float32 \[1, 3, 8, 8\]"):
        RasterConv()(batch_of(torch.zeros(1, 3, 8, 8)), EVERYTHING)
    with pytest.raises(ConfigError, match=r"token_stride: expected one of \[2, 4, 8\], found 16"):
        RasterConv(token_stride=16)
    with pytest.raises(ConfigError, match="std: expected a number for each of 4 bands"):
        RasterConv(std=[1.0, 0.0, 1.0, 1.0])
    with pytest.raises(ConfigError, match="backbone 'resnet10x' cannot be built"):
        RasterConv(backbone="resnet10x")


def test_the_picture_shows_one_band_in_colours_or_three_as_red_green_blue():
    red = torch.zeros(3, 8, 8)
    red[0], red[0, :, :4] = 1.0, 0.0
    red[:, 0, 0] = torch.nan
    image = RasterConv.picture(Sample("s", {"raster": red}), "raster")
    assert image.dtype == np.uint8
    assert (image == [255, 0, 0]).all(-1).mean() > 0.3
    spectrum = torch.zeros(12, 8, 8)
    spectrum[10] = red[0]  # of many bands the long wavelengths are red
    shown = RasterConv.picture(Sample("s", {"raster": spectrum}), "raster")
    assert (shown == [255, 0, 0]).all(-1).mean() > 0.3
    one = RasterConv.picture(Sample("s", {"raster": red}, meta={"bands": {"raster": (1,)}}), "raster")
    assert not (one == [255, 0, 0]).all(-1).any()
    with pytest.raises(DataError, match="1 or 3 numbers from 0 to 2"):
        RasterConv.picture(Sample("s", {"raster": red}, meta={"bands": {"raster": (1, 5)}}), "raster")
