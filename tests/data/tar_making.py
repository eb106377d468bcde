"""Small pictures with clouds and labels, packed into tars or laid out as plain files."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from xmodal.data.batch import Ragged
from xmodal.data.paired_folder import PairedFolder
from xmodal.data.sample import Rows
from xmodal.data.tar_shards import TarShards
from xmodal.errors import DataError

ROWS = 16
TRAIN = [f"scene/s{i:02d}" for i in range(ROWS - 4)]
TEST = [f"scene/s{i:02d}" for i in range(ROWS - 4, ROWS)]
ENTRIES = {"image": "png", "lidar": "bin"}


def content():
    """By key, by suffix: bright and dark pictures, clouds that say so; labels for the first 8 and the last 4."""
    generator = np.random.default_rng(0)
    files = {}
    for i, key in enumerate(TRAIN + TEST):
        bright, stream = i % 2, io.BytesIO()
        pixels = 80 + 80 * bright + generator.integers(0, 40, (24, 24, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
        points = generator.random((6, 4)).astype("<f4")
        points[:, 2] += 2 * bright
        files[key] = {"png": stream.getvalue(), "bin": points.tobytes()}
        if i < 8 or key in TEST:
            files[key]["cls"] = (b"dark", b"bright")[bright]
    return files


FILES = content()


def write(path, members, form=tarfile.PAX_FORMAT):
    path.parent.mkdir(exist_ok=True, parents=True)
    with tarfile.open(path, "w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def pack(path, keys, *suffixes, files=FILES):
    return write(
        path, [(f"{key}.{s}", files[key][s]) for key in keys for s in suffixes or files[key] if s in files[key]]
    )


def paired(root):
    """The same files in a folder with a manifest."""
    root.mkdir()
    lines = ["key,image,lidar,label,split"]
    for key, files in FILES.items():
        name = key.replace("/", "-")
        for suffix in ENTRIES.values():
            (root / f"{name}.{suffix}").write_bytes(files[suffix])
        part = "test" if key in TEST else "train"
        lines.append(f"{key},{name}.png,{name}.bin,{files.get('cls', b'').decode()},{part}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    return PairedFolder(str(root))


def shards(root, train="train-{0..1}.tar", test="test.tar", **options):
    return TarShards(str(root), **{"train": train, "test": test, "entries": ENTRIES, "label": "cls", **options})


def refused(message, *arguments, error=DataError, **options):
    with pytest.raises(error, match=message):
        shards(*arguments, **options)


def values(entry):
    return entry.values if isinstance(entry, (Rows, Ragged)) else entry


def same_samples(one, two):
    assert [s.key for s in one] == [s.key for s in two]
    for a, b in zip(one, two, strict=True):
        assert a.entries.keys() == b.entries.keys()
        assert all(torch.equal(values(a.entries[k]), values(b.entries[k])) for k in a.entries)
        assert a.labels == b.labels
        assert a.meta == b.meta


def same_batches(one, two):
    assert one.keys == two.keys
    assert all(torch.equal(values(one.entries[k]), values(two.entries[k])) for k in one.entries)
    assert torch.equal(one.labels["label"], two.labels["label"])
    assert torch.equal(one.index, two.index)
