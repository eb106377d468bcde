"""Files of data sets: KITTI, trees, and a manifest with what it names."""

import io
import tarfile
from functools import partial

import numpy as np
from PIL import Image

from fuzzing.case import Case, fixtures, stored
from xmodal.benchmarks.kitti.calib import read_calibration
from xmodal.benchmarks.kitti.frame import read_frame
from xmodal.benchmarks.kitti.labels import read_boxes
from xmodal.benchmarks.trees.crowns import read_crowns, read_trees
from xmodal.benchmarks.trees.geotiff import read_geotiff
from xmodal.data.manifest import read_manifest
from xmodal.data.paired_folder import PairedFolder
from xmodal.data.tar_index import index_tar
from xmodal.data.tar_shards import TarShards

KITTI, TREES = fixtures("benchmarks/kitti"), fixtures("benchmarks/trees")


def _frame(part):
    def write(folder):
        content = {
            "image_2": None,
            "velodyne": KITTI.POINTS.tobytes(),
            "calib": KITTI.CALIBRATION,
            "label_2": KITTI.LABELS,
        }
        suffix = {"image_2": "png", "velodyne": "bin"}
        paths = {p: folder / "training" / p / f"000007.{suffix.get(p, 'txt')}" for p in content}
        for name, path in paths.items():
            path.parent.mkdir(parents=True)
            if name == "image_2":
                Image.new("RGB", (60, 20), (10, 20, 30)).save(path)
            else:
                path.write_bytes(content[name] if name == "velodyne" else content[name].encode())
        return paths[part]

    return write


def _geotiff(**options):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.float32)
    return partial(TREES.tiff_bytes, pixels, **options)


def _crowns(part):
    """`part`: which file of the shapefile, or the table of trees."""

    def write(folder):
        import shapefile

        for name in ("Field", "ITC"):
            (folder / name).mkdir()
        rows = ["indvdID,siteID,taxonID,height"]
        for site in ("MLBS", "OSBS"):
            with shapefile.Writer(str(folder / "ITC" / f"train_{site}")) as writer:
                writer.field("indvdID", "C", 80)
                for i in range(4):
                    writer.poly([[[i, 0], [i, 4], [i + 4, 4], [i + 4, 0], [i, 0]]])
                    writer.record(f"{site}{i}")
                    rows.append(f"{site}{i},{site},QURU,{5 + i}.5")
        (folder / "Field" / "train_data.csv").write_text("\n".join(rows) + "\n")
        return folder / "Field" / "train_data.csv" if part == "csv" else folder / "ITC" / f"train_MLBS.{part}"

    return write


def _root(path):
    return path.parent.parent


def _manifest(folder):
    rows = ["key,image,label,split"]
    for i, split in enumerate(("train", "train", "val", "test", "test")):
        Image.new("RGB", (6, 4), (40 * i, 0, 0)).save(folder / f"{i}.png")
        rows.append(f"k{i},{i}.png,{'ab'[i % 2]},{split}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def _paired(path):
    benchmark = PairedFolder(str(path.parent))
    return [list(part) for part in benchmark.parts.values()], benchmark.splits(0)


def _tar(folder):
    _write_tar(folder / "test.tar", "t")
    return _write_tar(folder / "all.tar", "k")


def _write_tar(path, letter):
    with tarfile.open(path, "w") as tar:
        for i in range(5):
            picture = io.BytesIO()
            Image.new("RGB", (6, 4), (40 * i, 0, 0)).save(picture, "png")
            for suffix, content in (("png", picture.getvalue()), ("cls", b"ab"[i % 2 : i % 2 + 1])):
                member = tarfile.TarInfo(f"{letter}{i}.{suffix}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return path


def _tar_samples(path):
    benchmark = TarShards(str(path.parent), train="all.tar", test="test.tar", entries={"image": "png"}, label="cls")
    return list(benchmark.splits(0)[0].train)


CASES = [
    *(
        Case(f"kitti.frame.{part}", _frame(part), lambda p: read_frame(p.parents[2], "000007"))
        for part in ("image_2", "velodyne", "calib", "label_2")
    ),
    Case("kitti.calib", stored("a.txt", KITTI.CALIBRATION.encode()), read_calibration),
    Case("kitti.label", stored("a.txt", KITTI.LABELS.encode()), read_boxes),
    Case("trees.geotiff", stored("a.tif", _geotiff()), read_geotiff),
    Case("trees.geotiff.point", stored("a.tif", _geotiff(point=True, order=">")), read_geotiff),
    Case("trees.geotiff.lzw", stored("a.tif", _geotiff(compressed=True)), read_geotiff),
    *(
        Case(f"trees.shapefile.{part}", _crowns(part), lambda p: read_crowns(_root(p), {}))
        for part in ("shp", "dbf", "shx")
    ),
    Case("trees.table", _crowns("csv"), lambda p: read_trees(_root(p))),
    Case("manifest.rows", _manifest, read_manifest),
    Case("manifest.samples", _manifest, _paired),
    Case("tar.index", _tar, index_tar),
    Case("tar.samples", _tar, _tar_samples),
]
"""Every file of a data set."""
