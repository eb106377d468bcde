"""Augmentations of rasters: replay, and labels and links that follow the pixels."""

import json

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.raster.transforms import (
    BandDropout,
    Gain,
    HorizontalFlip,
    QuarterTurn,
    RandomCrop,
    VerticalFlip,
)

UV = torch.tensor([[0.5, 0.5], [7.9, 3.9], [4.25, 1.0], [torch.nan, torch.nan]])
GEOMETRIC = [HorizontalFlip(1.0), VerticalFlip(1.0), QuarterTurn(), RandomCrop((3, 5))]


def numbered(bands: int = 2) -> Sample:
    """A 4 x 8 raster, label and link whose values say which pixel they came from."""
    number = torch.arange(32.0).view(4, 8)
    return Sample(
        "s",
        {"raster": torch.stack([number + 100 * i for i in range(bands)])},
        links={("lidar", "raster"): Rows(UV), ("raster", "far"): Rows(torch.arange(64.0).view(32, 2))},
        labels={"seg": {"raster": torch.arange(32).view(4, 8)}},
    )


def equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.equal(a.nan_to_num(-1), b.nan_to_num(-1))


@pytest.mark.parametrize("transform", [*GEOMETRIC, BandDropout(0.5), Gain()], ids=lambda t: type(t).__name__)
def test_replay_is_exact_and_leaves_the_input_alone(transform: EntryTransform):
    sample = numbered()
    out, params = transform(sample, generator=seeded(3))
    again, _ = transform(sample, json.loads(json.dumps(params)))
    assert equal(out.entries["raster"], again.entries["raster"])
    assert equal(out.links[("lidar", "raster")].values, again.links[("lidar", "raster")].values)
    assert torch.equal(sample.entries["raster"], numbered().entries["raster"])
    others = (transform(sample, generator=seeded(i))[0].entries["raster"] for i in range(8))
    assert not all(equal(other, sample.entries["raster"]) for other in others)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("transform", GEOMETRIC, ids=lambda t: type(t).__name__)
def test_labels_links_and_points_stay_on_their_pixel(transform, seed):
    out, _ = transform(numbered(), generator=seeded(seed))
    raster = out.entries["raster"]
    assert torch.equal(out.labels["seg"]["raster"], raster[0].long())
    assert torch.equal(out.links[("raster", "far")].values[:, 0], 2 * raster[0].flatten())
    uv = out.links[("lidar", "raster")].values
    for before, after in zip(UV[:3], uv[:3], strict=True):
        if not after.isnan().any():
            was = int(before[1]) * 8 + int(before[0])
            # A point on the border between two pixels may fall to either once mirrored.
            near = {was, was - 1 if before[0] % 1 == 0 else was, was - 8 if before[1] % 1 == 0 else was}
            assert int(raster[0, int(after[1]), int(after[0])]) in near
    assert uv[3].isnan().all()


def test_each_flip_mirrors_its_own_axis():
    pixels = torch.arange(6.0).view(1, 2, 3)
    sample = Sample("s", {"raster": pixels})
    across, _ = HorizontalFlip(1.0)(sample)
    over, _ = VerticalFlip(1.0)(sample)
    assert across.entries["raster"].tolist() == [[[2, 1, 0], [5, 4, 3]]]
    assert over.entries["raster"].tolist() == [[[3, 4, 5], [0, 1, 2]]]


def test_a_crop_drops_the_points_outside():
    out, _ = RandomCrop((2, 4))(numbered(), {"box": [1, 4, 2, 4]})
    assert out.entries["raster"][0].tolist() == [[12, 13, 14, 15], [20, 21, 22, 23]]
    uv = out.links[("lidar", "raster")].values
    assert uv[2].tolist() == [0.25, 0.0]
    assert uv[[0, 1, 3]].isnan().all()


def test_band_dropout_never_drops_everything_and_gain_is_one_factor_a_band():
    for seed in range(30):
        out, params = BandDropout(0.9)(numbered(4), generator=seeded(seed))
        gone = out.entries["raster"].isnan().flatten(1)
        assert gone.all(1).nonzero().flatten().tolist() == params["bands"]
        assert len(params["bands"]) < 4
    out, params = Gain(0.5, 2.0)(numbered())
    ratio = out.entries["raster"] / numbered().entries["raster"]
    for i, gain in enumerate(params["gains"]):
        assert torch.allclose(ratio[i][1:], torch.tensor(gain))
    assert params["gains"][0] != params["gains"][1]


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"a raster of floats \[C, H, W\]"):
        Gain()(Sample("s", {"raster": torch.zeros(2, 3, 3, dtype=torch.int16)}))
    with pytest.raises(DataError, match="at least 5 x 5 pixels, found 4 x 8"):
        RandomCrop((5, 5))(numbered())
    with pytest.raises(DataError, match=r"a box inside \[4, 8\]"):
        RandomCrop((2, 2))(numbered(), {"box": [3, 0, 2, 2]})
    for build in (lambda: Gain(0), lambda: BandDropout(1.0)):
        with pytest.raises(ConfigError):
            build()
