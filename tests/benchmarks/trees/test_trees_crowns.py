"""Crowns and field rows: the join, repeated trees, and refusals."""

from pathlib import Path

import pytest
import shapefile

from xmodal.benchmarks.trees.crowns import Crown, read_crowns, read_trees
from xmodal.benchmarks.trees.geotiff import read_geotiff
from xmodal.benchmarks.trees.layout import plots, rgb_raster
from xmodal.errors import DataError


def _crowns(root: Path) -> list[Crown]:
    return read_crowns(root, {name: read_geotiff(rgb_raster(root, name)) for name in plots(root)})


def test_every_rectangle_finds_its_plot_and_its_tree(tree_root: Path) -> None:
    crowns = _crowns(tree_root)
    assert len(crowns) == 24
    first = crowns[0]
    assert (first.key, first.plot, first.tree.species, first.tree.height_m) == ("MLBS_1/MLBS01A", "MLBS_1", "QURU", 6.5)
    assert first.box_m == (500104.0, 3999992.0, 500108.0, 3999996.0)
    assert first.centre_m == (500106.0, 3999994.0)
    assert {c.plot[-1] for c in crowns if c.tree.individual.startswith("OSBS03")} == {"3"}


def test_trees_without_a_field_row_and_rectangles_off_every_plot_are_left_out(tree_root: Path) -> None:
    path = tree_root / "ITC" / "train_OSBS"
    with shapefile.Writer(str(path)) as writer:
        writer.field("indvdID", "C", 80)
        for name, left in (("OSBS01A", 400104.0), ("NOBODY", 400104.0), ("OSBS02A", 400150.0)):
            writer.poly([[[left, 3999990.0], [left, 3999994.0], [left + 4, 3999994.0], [left, 3999990.0]]])
            writer.record(name)
    assert [c.key for c in _crowns(tree_root) if c.tree.site == "OSBS"] == ["OSBS_1/OSBS01A"]


def test_a_tree_listed_twice_in_a_plot_has_two_keys(tree_root: Path) -> None:
    with shapefile.Writer(str(tree_root / "ITC" / "train_OSBS")) as writer:
        writer.field("indvdID", "C", 80)
        for _ in range(2):
            writer.poly([[[400104.0, 3999990.0], [400104.0, 3999994.0], [400108.0, 3999994.0], [400104.0, 3999990.0]]])
            writer.record("OSBS01A")
    keys = [c.key for c in _crowns(tree_root) if c.tree.site == "OSBS"]
    assert keys == ["OSBS_1/OSBS01A", "OSBS_1/OSBS01A#2"]


def _write_table(root: Path, text: str) -> None:
    (root / "Field" / "train_data.csv").write_text(text)


def test_the_first_row_of_a_tree_counts_and_unmeasured_heights_are_skipped(tree_root: Path) -> None:
    _write_table(tree_root, "indvdID,siteID,taxonID,height\na,MLBS,X,NA\na,MLBS,X,7.5\na,MLBS,X,9\nb,MLBS,X,NA\n")
    trees = read_trees(tree_root)
    assert {k: t.height_m for k, t in trees.items()} == {"a": 7.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("indvdID,siteID,taxonID\na,MLBS,X\n", "no height"),
        ("indvdID,siteID,taxonID,height\na,MLBS,X,tall\n", "line 2: height.*'tall'"),
        ("indvdID,siteID,taxonID,height\na,MLBS,X,5\nb,MLBS,X,-1\n", "line 3: height.*'-1'"),
        ("indvdID,siteID,taxonID,height\na,MLBS,X,nan\n", "line 2: height"),
        ("indvdID,siteID,taxonID,height\na,MLBS\n", "line 2"),
        ("", "no indvdID"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(tree_root: Path, text: str, message: str) -> None:
    _write_table(tree_root, text)
    with pytest.raises(DataError, match=message):
        read_trees(tree_root)


@pytest.mark.parametrize("suffix", [".shp", ".dbf"])
def test_a_garbled_shapefile_is_refused(tree_root: Path, suffix: str) -> None:
    path = tree_root / "ITC" / f"train_MLBS{suffix}"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match="train_MLBS"):
        _crowns(tree_root)


def test_a_garbled_corner_is_refused(tree_root: Path) -> None:
    path = tree_root / "ITC" / "train_MLBS.shp"
    raw = bytearray(path.read_bytes())
    raw[100 + 8 + 48 + 6] ^= 0x10  # file header, record header, polygon up to its points, then x of the first
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"train_MLBS\.shp, record 0: expected points that fill its bounding box"):
        _crowns(tree_root)


@pytest.mark.parametrize("part", ["Field/train_data.csv", "ITC/train_OSBS.shp", "RemoteSensing/LAS/MLBS_2.las"])
def test_a_missing_file_is_named_with_the_place_to_get_it(tree_root: Path, part: str) -> None:
    (tree_root / part).unlink()
    with pytest.raises(DataError, match=r"Zenodo record 3934932.*CC BY 4\.0") as caught:
        plots(tree_root)
    assert caught.value.where == str(tree_root / part)


def test_a_missing_root_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: expected .*RemoteSensing/LAS/<plot>\.las"):
        plots(tmp_path / "nowhere")
