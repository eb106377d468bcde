"""`Street` with more sensors: what a sample then holds, and that the usual two stay as they were."""

import pytest
import torch

from xmodal.benchmarks.street import Street
from xmodal.benchmarks.street.sample import SENSORS
from xmodal.data.batch import collate
from xmodal.errors import ConfigError
from xmodal.modalities.radar import COLUMNS, RadarPoints
from xmodal.modalities.raster import RasterConv

SIZES = {"scenes": 3, "labelled": 2, "val": 1, "test": 2, "workers": 1}


@pytest.fixture(scope="module")
def full() -> Street:
    return Street(**SIZES, sensors=SENSORS)


def test_the_usual_sensors_are_untouched_by_more(full: Street) -> None:
    (plain,), (more,) = Street(**SIZES).splits(0), full.splits(0)
    for part in ("train", "val", "test"):
        for a, b in zip(getattr(plain, part), getattr(more, part), strict=True):
            assert a.key == b.key
            assert set(a.entries) == {"image", "lidar"}
            assert set(a.links) == {("lidar", "image")}
            torch.testing.assert_close(a.entries["image"], b.entries["image"], rtol=0, atol=0)
            torch.testing.assert_close(a.entries["lidar"].values, b.entries["lidar"].values, rtol=0, atol=0)
            torch.testing.assert_close(
                a.labels["depth"]["image"], b.labels["depth"]["image"], rtol=0, atol=0, equal_nan=True
            )


def test_entries_links_and_labels_of_all_sensors_belong_together(full: Street) -> None:
    for sample in full.splits(0)[0].train:
        radar, thermal = sample.entries["radar"].values, sample.entries["raster/thermal"]
        assert radar.shape[1] == len(COLUMNS)
        assert thermal.shape == (1, 64, 192)
        for key in ("lidar", "radar"):
            uv = sample.links[key, "image"].values
            assert uv.shape == (len(sample.entries[key].values), 2)
            torch.testing.assert_close(sample.links[key, "raster/thermal"].values, uv, equal_nan=True)
        for task in ("segmentation", "depth"):
            assert set(sample.labels[task]) == set(SENSORS)
            assert len(sample.labels[task]["radar"].values) == len(radar)
            assert sample.labels[task]["raster/thermal"].shape == (64, 192)


def test_models_read_and_draw_the_new_entries(full: Street) -> None:
    train = full.splits(0)[0].train
    batch = collate(train)
    from xmodal.adapter import Need

    assert RadarPoints(width=8)(batch, Need(pooled=True)).pooled.shape == (3, 8)
    thermal = RasterConv(bands=1, key="raster/thermal", mean=(15.0,), std=(10.0,))
    assert thermal(batch, Need(pooled=True)).pooled.isfinite().all()
    for adapter, key in ((RadarPoints, "radar"), (RasterConv, "raster/thermal")):
        assert adapter.picture(train[0], key).std() > 5


def test_one_sensor_more_is_that_one_alone() -> None:
    sample = Street(**SIZES, sensors=("image", "radar")).sample(0)
    assert set(sample.entries) == {"image", "radar"}
    assert set(sample.labels["segmentation"]) == {"image", "radar"}


@pytest.mark.parametrize(("sensors", "words"), [(("image", "sonar"), "sonar"), (("lidar", "radar"), "image")])
def test_sensors_that_cannot_be_are_named(sensors: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Street(**SIZES, sensors=sensors)
