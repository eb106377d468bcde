"""`tree_species`: which crowns, which entries, splits that leak nothing, and a run of its recipe."""

import pytest
import torch
from PIL import Image

from xmodal.benchmarks.trees import Trees, TreeSpecies, Window
from xmodal.benchmarks.trees.species import SPECIES
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.raster import RasterConv
from xmodal.report.inspect import inspect_picture


@pytest.fixture
def species(hsi_root):
    return TreeSpecies(str(hsi_root), labelled=(0.5, 1.0))


def test_crowns_have_both_entries_and_the_species_of_the_field_table(species):
    assert len(species) == 22  # two of each plot but the one without a hyperspectral file
    for sample in species.samples:
        assert sample.entries["image"].shape == (3, 32, 32)
        assert sample.entries["raster/hsi"].shape == (83, 9, 9)
        assert SPECIES[int(sample.labels["species"])] == sample.meta["species"]
    assert {s.meta["species"] for s in species.samples} == {"QURU", "ACRU"}


def test_the_image_is_that_of_trees(species, hsi_root):
    heights = {s.key: s for s in Trees(str(hsi_root)).samples}
    for sample in species.samples:
        assert torch.equal(sample.entries["image"], heights[sample.key].entries["image"])
        assert "height" not in sample.labels


def test_the_spectrum_is_that_of_the_pixels_under_the_crown(species):
    for sample in species.samples:
        bands = sample.entries["raster/hsi"]
        known = bands[:, bands.isfinite().all(0)]
        roof = sample.meta["species"] == "QURU"
        torch.testing.assert_close(known, torch.full_like(known, 0.4 if roof else 0.1))


def test_rare_species_and_plots_without_a_spectrum_are_left_out(hsi_root):
    table = hsi_root / "Field" / "train_data.csv"
    table.write_text(table.read_text().replace("OSBS01A,OSBS,QURU", "OSBS01A,OSBS,FAGR"))
    keys = {s.key for s in TreeSpecies(str(hsi_root)).samples}
    assert "OSBS_1/OSBS01A" not in keys
    assert "OSBS_1/OSBS01B" in keys
    assert not any(key.startswith("MLBS_6/") for key in keys)


def test_no_plot_and_no_tree_stands_in_two_parts(species):
    for split in species.splits(0):
        for field in ("plot", "indvdID"):
            parts = [{s.meta[field] for s in part} for part in (split.train, split.val, split.test)]
            assert len(set.union(*parts)) == sum(len(p) for p in parts)


def test_splits_repeat_are_nested_and_test_each_crown_once(species):
    one, again, other = (species.splits(seed) for seed in (0, 0, 1))
    assert [list(s.labelled) for s in one] == [list(s.labelled) for s in again]
    assert [list(s.labelled) for s in one[:5]] != [list(s.labelled) for s in other[:5]]
    for few, every in zip(one[:5], one[5:], strict=True):
        assert set(few.labelled) < set(every.labelled)
        assert few.group != every.group
    assert sorted(s.key for split in one[:5] for s in split.test) == sorted(s.key for s in species.samples)


def test_reading_twice_gives_the_same_numbers(species, hsi_root):
    for a, b in zip(species.samples, TreeSpecies(str(hsi_root)).samples, strict=True):
        assert a.key == b.key
        assert torch.equal(a.entries["raster/hsi"].nan_to_num(-1), b.entries["raster/hsi"].nan_to_num(-1))


def test_a_data_set_without_any_spectrum_says_what_is_missing(tree_root):
    with pytest.raises(DataError, match=r"HSI/<plot>\.tif: expected the hyperspectral images of the IDTReeS 2020"):
        TreeSpecies(str(tree_root))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"root": ""}, r"benchmark\.root=PATH/TO/idtrees2020"),
        ({"labelled": (2.0,)}, "labelled must be a number of samples"),
        ({"side_px": 8}, "side_px must be odd"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_read(options, message):
    with pytest.raises(ConfigError, match=message):
        TreeSpecies(**{"root": "nowhere", **options})


def test_inspect_draws_the_spectrum_as_false_colour(species):
    drawn = inspect_picture(species.sample(0), {"raster": RasterConv.picture})
    assert isinstance(drawn, Image.Image)
    assert drawn.width == 1240
    assert species.sample(0).meta["bands"] == {"raster/hsi": (21, 11, 6)}


@pytest.mark.slow
def test_the_real_data_give_372_crowns_of_27_stands(data_root):
    species = TreeSpecies(str(data_root / "idtrees2020"), window=Window(image_px=8))
    assert len(species) == 372
    assert len(set(species.groups)) <= 29
    assert {int(s.labels["species"]) for s in species.samples} == set(range(8))
