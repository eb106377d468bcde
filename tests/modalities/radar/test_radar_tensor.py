"""RadarTensor keeps the adapter's contract, lays its tokens on a grid and does not care for gain."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.radar import RadarTensor
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
SMALL = {"widths": (8, 12)}


def batch_of(cube):
    return Batch(keys=tuple(map(str, range(len(cube)))), entries={"radar": cube}, index=torch.arange(len(cube)))


@pytest.mark.parametrize("changes", [{}, {"view": "range_doppler_azimuth"}, {"level": 0, "scale": "decibel"}], ids=str)
def test_contract(changes):
    check_adapter(RadarTensor(**SMALL | changes))


@pytest.mark.parametrize("view", ["range_azimuth", "range_doppler_azimuth"])
def test_contract_with_elevation(view):
    check_adapter(RadarTensor(**SMALL, doppler=6, elevation=3, view=view), batch_of(torch.rand(2, 20, 6, 10, 3)))


def test_tokens_lie_on_the_grid_of_the_axes_that_are_convolved():
    cube = torch.rand(2, 32, 16, 24)
    tokens = RadarTensor(**SMALL)(batch_of(cube), EVERYTHING).tokens
    assert tokens.grid == (8, 6)
    assert tokens.frame == "radar_bins"
    assert tokens.where[0, 0].tolist() == [2, 2]
    assert tokens.where[0, 1].tolist() == [2, 6]
    assert tokens.where[0, 6].tolist() == [6, 2]
    tokens = RadarTensor(**SMALL, view="range_doppler_azimuth", level=0)(batch_of(cube), EVERYTHING).tokens
    assert tokens.grid == (16, 8, 12)
    assert tokens.where[1, -1].tolist() == [31, 15, 23]


@pytest.mark.parametrize("view", ["range_azimuth", "range_doppler_azimuth"])
def test_a_target_changes_the_tokens_around_it(view):
    model = RadarTensor(widths=(8,), view=view)
    cube = torch.full((1, 32, 16, 24), 1e-4)
    cube[0, 31, 15, 23] = 1.0
    with_target = cube.clone()
    with_target[0, 8, 4, 12] = 1.0
    before, after = (model(batch_of(c), EVERYTHING).tokens for c in (cube, with_target))
    change = (after.x - before.x).norm(dim=-1)[0]
    place = before.where[0, change.argmax()]
    expected = torch.tensor([8.0, 12] if view == "range_azimuth" else [8.0, 4, 12])
    assert (place - expected).abs().max() <= 2


@pytest.mark.parametrize("scale", ["magnitude", "power"])
def test_gain_does_not_matter(scale):
    model, cube = RadarTensor(**SMALL, scale=scale), torch.rand(2, 32, 16, 24)
    a, b = (model(batch_of(c), EVERYTHING).pooled for c in (cube, cube * 1e5))
    assert torch.allclose(a, b, atol=1e-4)


def test_power_is_the_square_of_magnitude_and_decibels_its_logarithm():
    magnitude = torch.rand(2, 32, 16, 24) + 0.01
    torch.manual_seed(0)
    models = {scale: RadarTensor(**SMALL, scale=scale) for scale in ("magnitude", "power", "decibel")}
    for model in models.values():
        model.load_state_dict(models["power"].state_dict())
    cubes = {"magnitude": magnitude, "power": magnitude**2, "decibel": 20 * magnitude.log10()}
    pooled = [models[scale](batch_of(cube), EVERYTHING).pooled for scale, cube in cubes.items()]
    assert torch.allclose(pooled[0], pooled[1], atol=1e-4)
    assert torch.allclose(pooled[0], pooled[2], atol=1e-4)


def test_a_cube_of_silence_is_finite():
    pooled = RadarTensor(**SMALL)(batch_of(torch.zeros(2, 32, 16, 24)), EVERYTHING).pooled
    assert pooled.isfinite().all()


def test_every_parameter_learns():
    model = RadarTensor(**SMALL)
    model(RadarTensor.example(3), Need(pooled=True)).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="unknown view 'bird'; known: range_azimuth"):
        RadarTensor(view="bird")
    with pytest.raises(ConfigError, match="unknown scale 'volt'"):
        RadarTensor(scale="volt")
    with pytest.raises(ConfigError, match="doppler >= 1"):
        RadarTensor(doppler=0)
    with pytest.raises(ConfigError, match="a level among them"):
        RadarTensor(level=3)
    for shape in ((2, 32, 15, 24), (2, 32, 16), (2, 32, 16, 24, 2)):
        with pytest.raises(DataError, match=r"entry 'radar': expected \[B, R, D = 16, A\], found"):
            RadarTensor()(batch_of(torch.rand(shape)), EVERYTHING)
