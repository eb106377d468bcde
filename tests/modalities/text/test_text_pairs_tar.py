"""Tar files of pairs: what webdataset writes is read, and archives that are damaged or unsafe are refused by name."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.text import read_tar_pairs
from xmodal.modalities.text.entry import text_of


def picture(value=0, kind="PNG"):
    out = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), value, np.uint8)).save(out, kind)
    return out.getvalue()


def write(path, *members, form=tarfile.PAX_FORMAT):
    with tarfile.open(path, "w", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def pair(key, value=0):
    return (f"{key}.png", picture(value)), (f"{key}.txt", f"caption of {key}".encode())


@pytest.fixture
def shard(tmp_path):
    extra = json.dumps({"caption": "not this one", "width": 6}).encode()
    members = (*pair("x/000", 10), ("x/000.json", extra), *pair("./001", 20), ("./001.seg.png", picture(200)))
    return write(tmp_path / "shard.tar", *members)


def test_members_of_a_key_make_a_sample(shard):
    pairs = read_tar_pairs(shard)
    assert [s.key for s in pairs] == ["x/000", "001"]
    assert [int(s.entries["image"][0, 0, 0]) for s in pairs] == [10, 20]
    assert pairs[1].entries["image"].shape == (3, 4, 6)
    assert text_of(pairs[0].entries["text"].values) == "caption of x/000"


def test_json_serves_where_there_is_no_txt(tmp_path):
    members = ("a.jpeg", picture(9, "JPEG")), ("a.json", b'{"captions": ["one", "two"]}')
    (sample,) = read_tar_pairs(write(tmp_path / "a.tar", *members))
    assert sample.meta["captions"]["text"] == ("one", "two")


def test_several_archives_are_one_sequence(tmp_path, shard):
    other = write(tmp_path / "other.tar", *pair("002"))
    assert [s.key for s in read_tar_pairs([shard, other])] == ["x/000", "001", "002"]
    with pytest.raises(DataError, match=r"key 'x/000': expected each key once, found it in .*shard\.tar as well"):
        read_tar_pairs([other, shard, write(tmp_path / "third.tar", *pair("x/000"))])


def test_webdataset_reads_the_same_pairs(shard):
    theirs_of = pytest.importorskip("webdataset.tariterators")
    with shard.open("rb") as file:
        theirs = list(theirs_of.group_by_keys(theirs_of.tar_file_expander([{"url": shard.name, "stream": file}])))
    ours = read_tar_pairs(shard)
    assert [s["__key__"].removeprefix("./") for s in theirs] == [s.key for s in ours]
    assert [s["png"] for s in theirs] == [r.image.read(1 << 20) for r in ours.records]
    assert [s["txt"].decode() for s in theirs] == [text_of(s.entries["text"].values) for s in ours]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_and_foreign_names_are_read(tmp_path, form):
    key = "d" * 120 + "/straße"
    (sample,) = read_tar_pairs(write(tmp_path / "a.tar", *pair(key), form=form))
    assert sample.key == key


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ((*pair("../a"),), "member '../a.png': expected a name inside the archive"),
        ((*pair("a/../../b"),), "a name inside the archive"),
        ((*pair("/etc/a"),), "member '/etc/a.png': expected a name inside the archive"),
        ((*pair("..\\a"),), "a name inside the archive"),
        ((*pair("a"), ("a.txt", b"again")), "member 'a.txt': expected each member once"),
        ((*pair("a"), *pair("b"), ("a.json", b"{}")), "key 'a': expected its members side by side"),
        ((("a.png", picture()), *pair("b")), r"key 'a': expected a caption a.txt or a.json, found only \['png'\]"),
        ((("a.txt", b"x"),), r"key 'a': expected one image, a.jpg or a.png, found only \['txt'\]"),
        ((*pair("a"), ("a.jpg", picture())), "found 2 of them"),
        ((*pair("a"), ("README", b"x")), "member 'README': expected a name KEY.SUFFIX"),
        ((*pair("a"), ("._b.png", b"x")), "expected a name KEY.SUFFIX"),
        ((), "at least one pair"),
    ],
)
def test_archives_that_break_the_rules_are_refused(tmp_path, members, message):
    with pytest.raises(DataError, match=message):
        read_tar_pairs(write(tmp_path / "a.tar", *members))


def test_links_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("a.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DataError, match=r"member 'a\.png': expected a plain file, found a link to"):
        read_tar_pairs(tmp_path / "a.tar")


def test_an_archive_cut_anywhere_is_refused(tmp_path, shard):
    data, cut = shard.read_bytes(), tmp_path / "cut.tar"
    end = len(data.rstrip(b"\0"))
    for size in (*range(0, end, 97), *range(512, end, 512)):
        cut.write_bytes(data[:size])
        with pytest.raises(DataError, match=r"cut\.tar"):
            read_tar_pairs(cut)


def test_a_size_that_claims_gigabytes_or_less_than_nothing_is_refused(tmp_path):
    data = bytearray(write(tmp_path / "a.tar", *pair("a"), form=tarfile.USTAR_FORMAT).read_bytes())
    for claim in (b"77777777777\0", b"\xff" * 12, b"\x80" + b"\x7f" * 11):
        header = bytearray(data[:512])
        header[124:136] = claim
        header[148:156] = b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
        (tmp_path / "b.tar").write_bytes(header + data[512:])
        with pytest.raises(DataError, match=r"b\.tar"):
            read_tar_pairs(tmp_path / "b.tar")


def test_compressed_and_missing_archives_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(Path(__file__), "a.txt")
    with pytest.raises(DataError, match="expected an uncompressed tar"):
        read_tar_pairs(tmp_path / "a.tar.gz")
    with pytest.raises(DataError, match="no such file"):
        read_tar_pairs(tmp_path / "none.tar")
    with pytest.raises(DataError, match="at least one pair"):
        read_tar_pairs([])


def test_members_that_do_not_decode_are_named(tmp_path):
    broken = write(
        tmp_path / "a.tar", ("a.png", picture()[:40]), ("a.txt", b"x"), ("b.png", picture()), ("b.txt", b"\xff")
    )
    pairs = read_tar_pairs(broken)
    with pytest.raises(DataError, match=r"a\.tar: member 'a\.png': expected a complete PNG or JPEG image"):
        pairs[0]
    with pytest.raises(DataError, match=r"member 'b\.txt': expected text in UTF-8"):
        pairs[1]
    empty = read_tar_pairs(write(tmp_path / "e.tar", ("a.png", b""), ("a.txt", b"x")))
    with pytest.raises(DataError, match=r"member 'a\.png': expected 1 to \d+ bytes, found 0"):
        empty[0]


def test_damaged_archives_are_read_or_refused(shard):
    assert survive(lambda path: [s.key for s in read_tar_pairs(path)], shard, 200) > 50
    assert survive(lambda path: list(read_tar_pairs(path)), shard, 200, seed=1) > 50
