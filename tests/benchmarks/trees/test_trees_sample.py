"""One sample a crown: scale, heights above ground, and points on the right pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from xmodal.benchmarks.trees.picture import picture
from xmodal.benchmarks.trees.sample import COLUMNS, Window, read_samples
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError

WINDOW = Window(side_m=10.0, image_px=40, context=1.0)


@pytest.fixture
def samples(tree_root: Path) -> dict[str, Sample]:
    return {s.key: s for s in read_samples(tree_root, WINDOW)}


def _points(sample: Sample) -> dict[str, np.ndarray]:
    cloud = sample.entries["lidar"]
    assert isinstance(cloud, Rows)
    return dict(zip(COLUMNS, cloud.values.numpy().T, strict=True))


def _image(sample: Sample) -> torch.Tensor:
    image = sample.entries["image"]
    assert isinstance(image, torch.Tensor)
    return image


def test_every_sample_collates(samples: dict[str, Sample]) -> None:
    batch = collate(list(samples.values()))
    assert len(batch) == 24
    assert batch.tensor("image").shape == (24, 3, 40, 40)
    assert batch.tensor("image").dtype == torch.float32
    assert batch.ragged("lidar").values.shape[1] == len(COLUMNS)
    assert batch.labels["height"].shape == (24,)
    assert sorted(samples["MLBS_1/MLBS01A"].meta) == ["box_m", "indvdID", "plot", "site", "species"]


def test_heights_are_above_the_slope_and_noise_is_gone(samples: dict[str, Sample]) -> None:
    for i in (1, 6):
        z = _points(samples[f"MLBS_{i}/MLBS{i:02d}A"])["z_m"]
        assert z.max() == pytest.approx(5.0 + i, abs=0.05)
        assert np.abs(z[z < 2]).max() < 0.05


def test_the_crown_column_marks_the_rectangle(samples: dict[str, Sample]) -> None:
    points = _points(samples["MLBS_2/MLBS02A"])
    inside = (np.abs(points["x_m"]) <= 2) & (np.abs(points["y_m"]) <= 2)
    np.testing.assert_array_equal(points["in_crown"] > 0, inside)
    assert inside.sum() >= 100
    assert not inside.all()
    np.testing.assert_allclose(samples["MLBS_2/MLBS02A"].meta["box_m"], (-2, -2, 2, 2), atol=1e-6)


def test_tall_points_fall_on_the_bright_roof_and_ground_points_beside_it(samples: dict[str, Sample]) -> None:
    for key in ("MLBS_1/MLBS01A", "OSBS_4/OSBS04A"):
        sample = samples[key]
        uv = sample.links[("lidar", "image")].values
        z = torch.from_numpy(_points(sample)["z_m"])
        seen = torch.isfinite(uv).all(1)
        column, row = uv[seen].long().T
        colour = _image(sample)[0, row, column]
        # Half way between roof (0.8) and ground (0.2), where the blurred edge of the roof lies.
        assert (colour[z[seen] > 2] > 0.5).float().mean() > 0.98
        outside = torch.from_numpy(_points(sample)["in_crown"])[seen] == 0
        assert (colour[outside] < 0.5).float().mean() > 0.98


def test_links_are_the_points_at_the_stated_scale(samples: dict[str, Sample]) -> None:
    points = _points(samples["MLBS_2/MLBS02A"])
    uv = samples["MLBS_2/MLBS02A"].links[("lidar", "image")].values.numpy()
    seen = np.isfinite(uv).all(1)
    assert seen.mean() > 0.9
    # 4 pixels a metre, y up; the window may sit half a raster pixel (0.25 m) beside the centre.
    np.testing.assert_allclose(uv[seen, 0], 20 + 4 * points["x_m"][seen], atol=1.001)
    np.testing.assert_allclose(uv[seen, 1], 20 - 4 * points["y_m"][seen], atol=1.001)
    assert ((uv[seen] >= 0) & (uv[seen] < 40)).all()


def test_a_window_over_the_edge_is_grey_beyond_it_and_holds_no_points_there(samples: dict[str, Sample]) -> None:
    sample = samples["MLBS_1/MLBS01B"]  # centred 2 m inside the upper left corner of the plot
    image = _image(sample)
    torch.testing.assert_close(image[:, :11, :], torch.full((3, 11, 40), 0.5))
    torch.testing.assert_close(image[:, :, :11], torch.full((3, 40, 11), 0.5))
    torch.testing.assert_close(image[:, 13:15, 13:15], torch.full((3, 2, 2), 0.2))
    uv = sample.links[("lidar", "image")].values
    assert torch.nanquantile(uv, 0) >= 11
    assert _points(sample)["x_m"].min() >= -2.001


def test_the_window_decides_scale_and_number_of_points(tree_root: Path) -> None:
    small = read_samples(tree_root, Window(side_m=5.0, image_px=16, most_points=50))[0]
    points = _points(small)
    assert len(points["x_m"]) == 50
    assert np.abs([points["x_m"], points["y_m"]]).max() <= 2.5
    again = read_samples(tree_root, Window(side_m=5.0, image_px=16, most_points=50))[0]
    np.testing.assert_array_equal(_points(again)["z_m"], points["z_m"])


def test_the_context_is_dimmed_and_the_crown_is_not(tree_root: Path, samples: dict[str, Sample]) -> None:
    dimmed = read_samples(tree_root, replace(WINDOW, context=0.25))[0]
    whole = samples[dimmed.key]
    ratio = _image(dimmed) / _image(whole)
    # The crown is 4 m = 16 pixels; the window may sit half a raster pixel beside its centre.
    assert (ratio == 1).sum().item() == 3 * 16 * 16
    assert ((ratio - 0.25).abs() < 1e-6).sum().item() == 3 * (40 * 40 - 16 * 16)
    assert (ratio[:, 14:26, 14:26] == 1).all()


def test_a_crown_with_too_few_points_is_left_out(tree_root: Path, samples: dict[str, Sample]) -> None:
    import laspy

    path = tree_root / "RemoteSensing" / "LAS" / "OSBS_3.las"
    las = laspy.read(path)
    x, y = np.asarray(las.x) - 400300, np.asarray(las.y) - 4000000
    under = np.flatnonzero((x < 4) & (y > -4))
    las.points = las.points[np.setdiff1d(np.arange(len(x)), under[2:])]
    las.write(str(path))
    assert {s.key for s in read_samples(tree_root, WINDOW)} == set(samples) - {"OSBS_3/OSBS03B"}


def test_values_beyond_a_byte_are_refused(tree_root: Path) -> None:
    path = tree_root / "RemoteSensing" / "RGB" / "MLBS_2.tif"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(np.float32(204).tobytes(), np.float32(300).tobytes()))
    with pytest.raises(DataError, match=r"MLBS_2\.tif: pixels: expected values from 0 to 255"):
        read_samples(tree_root, WINDOW)


def test_the_picture_shows_points_and_a_missing_cloud_is_refused(samples: dict[str, Sample]) -> None:
    sample = samples["MLBS_1/MLBS01A"]
    drawn = picture(sample)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (400, 1200, 3)
    third = drawn[:, 800:].reshape(-1, 3).astype(int)
    assert ((third - np.array([44, 160, 44])).__abs__().sum(1) < 30).sum() > 50  # green points of the crown
    with pytest.raises(DataError, match="a cloud of Rows"):
        picture(Sample("k", {"image": _image(sample), "lidar": torch.zeros(3)}))


@pytest.mark.slow
def test_the_real_data_give_1147_crowns_whose_links_agree_with_the_heights(data_root: Path) -> None:
    samples = read_samples(data_root / "idtrees2020")
    assert len(samples) == len({s.key for s in samples}) == 1147
    tops = []
    for sample in samples:
        points = _points(sample)
        assert points["z_m"].max() < 45
        assert torch.isfinite(sample.links[("lidar", "image")].values).all(1).float().mean() > 0.9
        tops.append(np.percentile(points["z_m"][points["in_crown"] > 0], 95))
    heights = [float(s.labels["height"]) for s in samples]  # type: ignore[arg-type]
    assert np.corrcoef(tops, heights)[0, 1] > 0.75
