"""What headers say: grouping as webdataset does it, and tars that are damaged or unsafe refused by name."""

import gzip
import tarfile

import pytest
from tar_making import refused, same_samples, shards, write

from fuzz import survive
from xmodal.data.tar_index import index_tar
from xmodal.errors import DataError


def special(kind, linkname="", **headers):
    info = tarfile.TarInfo("b.png")
    info.type, info.linkname, info.pax_headers = kind, linkname, headers
    return info


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("../b.png", r"member '\.\./b\.png': expected a name inside the archive, found a path out of it"),
        ("a/../../b.png", r"member 'a/\.\./\.\./b\.png': expected a name inside the archive"),
        ("/etc/b.png", r"member '/etc/b\.png': expected a name inside the archive"),
        ("..\\b.png", r"member .*: expected a name inside the archive"),
        ("b\x1b[2J.png", r"member 'b\\x1b\[2J\.png': expected a printable name in UTF-8"),
        ("b\udcff.png", r"member 'b\\udcff\.png': expected a printable name in UTF-8"),
        (
            special(tarfile.SYMTYPE, "/etc/passwd"),
            r"member 'b\.png': expected a plain file, found a link to '/etc/passwd'",
        ),
        (special(tarfile.LNKTYPE, "a.png"), r"member 'b\.png': expected a plain file, found a link to 'a\.png'"),
        (special(tarfile.CHRTYPE), r"member 'b\.png': expected a plain file, found a device"),
        (special(tarfile.FIFOTYPE), r"member 'b\.png': expected a plain file, found a device"),
        (special(tarfile.GNUTYPE_SPARSE), r"member 'b\.png': expected a plain file, found a sparse file"),
        (
            special(tarfile.REGTYPE, **{"GNU.sparse.map": "0,1", "GNU.sparse.size": "1"}),
            r"member 'b\.png': expected a plain file, found a sparse file",
        ),
    ],
)
def test_hostile_members_are_named(root, member, message):
    info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
    form = tarfile.PAX_FORMAT if info.pax_headers else tarfile.GNU_FORMAT
    with tarfile.open(root / "evil.tar", "w", format=form, errors="surrogateescape") as archive:
        archive.addfile(tarfile.TarInfo("a.png"))
        archive.addfile(info)
    refused(rf"evil\.tar: {message}", root, "evil.tar")


def test_a_size_beyond_the_file_or_below_nothing_is_refused(root):
    data = write(root / "a.tar", [("a.png", b"1234")], form=tarfile.USTAR_FORMAT).read_bytes()
    for claim in (b"77777777777\0", b"\xff" * 12, b"\x80" + b"\x7f" * 11, b"00000020000\0"):
        header = bytearray(data[:512])
        header[124:136], header[148:156] = claim, b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
        (root / "b.tar").write_bytes(header + data[512:])
        refused(r"b\.tar", root, "b.tar")


def test_a_tar_cut_anywhere_is_refused(root):
    data = (root / "train-0.tar").read_bytes()
    for size in (*range(0, len(data.rstrip(b"\0")), 211), 512, 1024):
        (root / "cut.tar").write_bytes(data[:size])
        with pytest.raises(DataError, match=r"cut\.tar"):
            index_tar(root / "cut.tar")


def test_several_tars_in_one_file_are_not_read_in_part(root):
    (root / "both.tar").write_bytes((root / "train-0.tar").read_bytes() + (root / "train-1.tar").read_bytes())
    refused(r"both\.tar: expected one tar, found more data behind the end at \d+", root, "both.tar")


def test_compressed_tars_are_refused_with_a_way_out(root):
    (root / "train.tar.gz").write_bytes(gzip.compress((root / "train-0.tar").read_bytes()))
    refused(
        r"train\.tar\.gz: expected an uncompressed tar, since .* 'pipe:gzip -dc FILE'.*, found one compressed by gzip",
        root,
        "train.tar.gz",
    )
    same_samples(
        list(shards(root, "pipe:gzip -dc train.tar.gz").parts["train"]),
        list(shards(root, "train-0.tar").parts["train"]),
    )
    refused("none.tar: expected a tar file, found no such file", root, "none.tar")
    (root / "page.tar").write_text("<html>no such page</html>" * 50)
    refused(r"page\.tar: expected a complete tar file, found 1250 bytes whose headers do not read", root, "page.tar")


def test_thousands_of_members_are_read_at_random(root):
    members = [(f"d{i % 7}/{i:04d}.txt", f"text {i}".encode()) for i in range(5000)]
    index = index_tar(write(root / "many.tar", members))
    assert len(index) == 5000
    for i in (4999, 0, 2500):
        assert b"".join(index[f"d{i % 7}/{i:04d}"]["txt"].chunks()) == f"text {i}".encode()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_members_are_grouped_by_the_name_up_to_the_first_dot(tmp_path, form):
    long = "d" * 150 + "/straße"
    names = [
        "a/b.c/d.jpg",
        "a/b.c/d.seg.PNG",
        "e.jpg",
        "./e.txt",
        "README",
        ".hidden.jpg",
        "a/.x.jpg",
        "__meta__/f.jpg",
        f"{long}.jpg",
    ]
    index = index_tar(write(tmp_path / "a.tar", [(name, b"") for name in names], form))
    assert {key: set(columns) for key, columns in index.items()} == {
        "a/b.c/d": {"jpg", "seg.png"},
        "e": {"jpg", "txt"},
        long: {"jpg"},
    }


def test_webdataset_groups_the_same_way(root):
    theirs_of = pytest.importorskip("webdataset.tariterators")
    path = root / "train-0.tar"
    with path.open("rb") as file:
        theirs = list(theirs_of.group_by_keys(theirs_of.tar_file_expander([{"url": path.name, "stream": file}])))
    ours = {key: {c: b"".join(m.chunks()) for c, m in columns.items()} for key, columns in index_tar(path).items()}
    assert {s["__key__"]: {c: v for c, v in s.items() if not c.startswith("__")} for s in theirs} == ours


def test_damaged_tars_are_read_or_refused(root):
    def read(path):
        return list(shards(root, path.name, entries={"lidar": "bin"}).parts["train"])

    assert survive(read, root / "train-0.tar", 150) > 30
