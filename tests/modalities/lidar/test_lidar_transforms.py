"""Cloud transforms: exact cases and invariances."""

import math

import pytest
import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter, RotateZ, Scale

ALL = [RotateZ(), Scale(), FlipY(1.0), DropPoints(0.5), Jitter()]


def cloud(points: int = 500) -> Sample:
    return Sample(
        "s",
        {"lidar": Rows(torch.randn(points, 5)), "radar": Rows(torch.randn(7, 3))},
        {("lidar", "image"): Rows(torch.rand(points, 2)), ("radar", "lidar"): Rows(torch.randn(7, 3))},
        {"seg": {"lidar": Rows(torch.arange(points))}},
    )


def values(sample: Sample, key: str = "lidar") -> Tensor:
    entry = sample.entries[key]
    assert isinstance(entry, Rows)
    return entry.values


def test_a_quarter_turn_takes_forward_to_left() -> None:
    sample = Sample("s", {"lidar": Rows(torch.tensor([[2.0, 0, 1, 9]]))})
    out, _ = RotateZ()(sample, {"degrees": 90.0})
    assert torch.allclose(values(out), torch.tensor([[0.0, 2, 1, 9]]), atol=1e-6)


def test_rotation_keeps_distances_heights_and_features() -> None:
    sample = cloud()
    out, _ = RotateZ()(sample)
    assert torch.allclose(values(out)[:, :2].norm(dim=1), values(sample)[:, :2].norm(dim=1), atol=1e-5)
    assert torch.equal(values(out)[:, 2:], values(sample)[:, 2:])


def test_scale_and_flip_are_exact() -> None:
    sample = cloud()
    doubled, _ = Scale()(sample, {"scale": 2.0})
    assert torch.equal(values(doubled)[:, :3], values(sample)[:, :3] * 2)
    assert torch.equal(values(doubled)[:, 3:], values(sample)[:, 3:])
    flipped, _ = FlipY(1.0)(sample)
    assert torch.equal(values(flipped)[:, 1], -values(sample)[:, 1])
    assert torch.equal(values(flipped)[:, [0, 2, 3, 4]], values(sample)[:, [0, 2, 3, 4]])


@pytest.mark.parametrize("transform", ALL[:3])
def test_what_is_located_in_the_cloud_moves_with_it(transform: EntryTransform) -> None:
    sample = Sample("s", {"lidar": Rows(torch.randn(6, 4))})
    located = Sample("s", sample.entries, {("radar", "lidar"): Rows(values(sample)[:, :3])})
    out, _ = transform(located)
    assert torch.equal(out.links[("radar", "lidar")].values, values(out)[:, :3])


@pytest.mark.parametrize("transform", ALL)
def test_links_into_images_keep_their_pixels(transform: EntryTransform) -> None:
    sample = cloud()
    out, _ = transform(sample)
    number = out.labels["seg"]["lidar"].values  # type: ignore[index,call-overload,union-attr]
    assert torch.equal(out.links[("lidar", "image")].values, sample.links[("lidar", "image")].values[number])
    assert torch.equal(values(out)[:, 3:], values(sample)[number, 3:])


def test_the_dropped_share_is_the_fraction() -> None:
    out, params = DropPoints(0.3)(cloud(20000), generator=seeded(0))
    assert 0.69 < len(values(out)) / 20000 < 0.71
    assert isinstance(params, dict)
    assert params["fraction"] == 0.3
    assert len(values(DropPoints(0.0)(cloud(50))[0])) == 50


def test_jitter_has_the_spread_it_says_and_a_bound() -> None:
    sample = cloud(20000)
    out, _ = Jitter(std_m=0.02, clip_m=0.03)(sample, generator=seeded(0))
    noise = values(out)[:, :3] - values(sample)[:, :3]
    assert noise.abs().max() <= 0.03 + 1e-6
    assert abs(float(noise.mean())) < 5e-4
    # Standard deviation of a normal cut (by clamping) at 1.5 sigma.
    z = torch.randn(200000).clamp(-1.5, 1.5)
    assert float(noise.std()) == pytest.approx(0.02 * float(z.std()), rel=0.02)


def test_angles_and_factors_keep_their_bounds() -> None:
    sample, generator = cloud(1), seeded(0)
    degrees = [RotateZ(30).draw(sample, generator)["degrees"] for _ in range(300)]
    factors = [Scale(0.9, 1.2).draw(sample, generator)["scale"] for _ in range(300)]
    assert -30 <= min(degrees) < -28
    assert 28 < max(degrees) < 30
    assert 0.9 <= min(factors) < 0.91
    assert 1.19 < max(factors) < 1.2
    assert not math.isclose(degrees[0], degrees[1])


@pytest.mark.parametrize("transform", ALL)
def test_an_empty_cloud_stays_empty(transform: EntryTransform) -> None:
    out, _ = transform(Sample("s", {"lidar": Rows(torch.zeros(0, 4))}))
    assert values(out).shape == (0, 4)


@pytest.mark.parametrize("transform", ALL)
def test_a_plain_tensor_is_refused(transform: EntryTransform) -> None:
    with pytest.raises(DataError, match=r"entry 'lidar' of 's': expected a set"):
        transform(Sample("s", {"lidar": torch.zeros(5, 4)}))


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="DropPoints"):
        DropPoints(1.0)
    with pytest.raises(ConfigError, match="Scale"):
        Scale(1.1, 0.9)
