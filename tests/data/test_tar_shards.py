"""Tars give the samples that plain files give, however they are packed; keys and labels at fault are named."""

import json

import pytest
import torch
from tar_making import FILES, TEST, TRAIN, pack, paired, refused, same_samples, shards, write

from xmodal.data.benchmark import key_of
from xmodal.data.tar_index import Member
from xmodal.errors import ConfigError


def one_tar(root):
    return pack(root / "all.tar", TRAIN).name


def mixed_up(root):
    members = [(f"./{key}.{s.upper()}", data) for key in reversed(TRAIN) for s, data in FILES[key].items()]
    return write(root / "mixed.tar", [*members[::2], ("README.md", b"x"), *members[1::2]]).name


def tar_a_modality(root):
    for i, keys in enumerate((TRAIN[:3], TRAIN[3:])):
        pack(root / f"rgb-{i}.tar", keys, "png", "cls")
    pack(root / "lidar.tar", TRAIN[::-1], "bin")
    return {"image": "rgb-{0..1}.tar", "lidar": ["lidar.tar"], "label": "rgb-{0..1}.tar"}


@pytest.mark.parametrize("packed", [lambda root: "train-{0,1}.tar", one_tar, mixed_up, tar_a_modality])
def test_samples_equal_those_of_a_paired_folder_however_they_are_packed(root, packed):
    ours, theirs = shards(root, packed(root)), paired(root / "plain")
    (split,), (expected,) = ours.splits(0), theirs.splits(0)
    for part in ("train", "val", "test"):
        same_samples(list(getattr(split, part)), list(getattr(expected, part)))
    assert split.labelled == expected.labelled == list(range(8))
    assert split.keys == expected.keys
    assert ours.tasks["label"].classes == theirs.tasks["label"].classes


def test_samples_are_a_sequence(root):
    train = shards(root).parts["train"]
    assert len(train) == 12
    same_samples(train[2:4], [train[2], train[-9]])
    with pytest.raises(IndexError):
        train[12]


def test_keys_cost_no_reading(root, monkeypatch):
    (split,) = shards(root).splits(0)
    monkeypatch.setattr(Member, "chunks", lambda self: pytest.fail("read a member"))
    assert [key_of(split.train, i) for i in range(12)] == TRAIN
    assert split.having(["image", "lidar"]) == list(range(12))


def test_numbers_in_json_are_values_to_predict(root):
    records = {key: {"h": 2.5 * i} if i % 2 else {"h": None} for i, key in enumerate(TRAIN)}
    records |= {key: {"h": f" {i}e1 "} for i, key in enumerate(TEST)}
    files = {key: FILES[key] | {"json": json.dumps(record).encode()} for key, record in records.items()}
    pack(root / "a.tar", TRAIN, files=files)
    pack(root / "b.tar", TEST, files=files)
    heights = shards(root, "a.tar", "b.tar", label="json:h", kind="regression", unit="m")
    (split,) = heights.splits(0)
    assert split.labelled == [1, 3, 5, 7, 9, 11]
    assert float(split.train[3].labels["label"]) == 7.5
    assert "label" not in split.train[2].labels
    assert [float(s.labels["label"]) for s in split.test] == [0, 10, 20, 30]
    assert heights.tasks["label"].unit == "m"


def test_suffixes_may_hold_dots(root):
    files = {key: {"depth.png": FILES[key]["png"], "png": FILES[TRAIN[0]]["png"], "txt": b"ab"[i % 2 :][:1]}
             for i, key in enumerate(TRAIN + TEST)}  # fmt: skip
    pack(root / "a.tar", TRAIN, files=files)
    pack(root / "b.tar", TEST, files=files)
    depth = shards(root, "a.tar", "b.tar", entries={"image/depth": "depth.png"}, label="txt").parts["train"]
    assert torch.equal(depth[3].entries["image/depth"], shards(root).parts["train"][3].entries["image"])


def test_a_key_that_one_modality_lacks_is_named_or_allowed(root):
    pack(root / "rgb.tar", TRAIN)
    pack(root / "lidar.tar", [k for k in TRAIN if k not in TRAIN[3:5]], "bin")
    given = {"image": "rgb.tar", "lidar": "lidar.tar", "label": "rgb.tar"}
    refused(
        r"train: key 'scene/s03': expected its entry 'lidar', a member \.bin in lidar\.tar, found only "
        r"'scene/s03\.png', 'scene/s03\.cls' \(1 further keys lack",
        root,
        given,
    )
    (split,) = shards(root, given, missing="allow").splits(0)
    assert split.train[3].entries.keys() == {"image"}
    assert split.having(["lidar"]) == [i for i in range(12) if i not in (3, 4)]


def test_a_key_without_any_entry_is_never_allowed(root):
    write(root / "a.tar", [("x.cls", b"dark")])
    refused("train: key 'x': expected one of the entries image, lidar", root, ["a.tar", "train-0.tar"], missing="allow")


def test_the_test_split_may_have_no_tars_of_the_teachers_sensor(root):
    given = {"image": "test.tar", "label": "test.tar"}
    refused(
        "test: expected shards of image, lidar, label, found those of image, label", root, test=given, error=ConfigError
    )
    assert all(s.entries.keys() == {"image"} for s in shards(root, test=given, missing="allow").parts["test"])


def test_a_key_that_stands_twice_is_named(root):
    pack(root / "again.tar", TRAIN[4:5], "bin")
    refused(
        r"again\.tar: key 'scene/s04': expected each key once, found it in .*train-0\.tar as well",
        root,
        ["train-{0..1}.tar", "again.tar"],
    )
    refused(r"train-0\.tar: key 'scene/s00'.*the tar is listed twice", root, ["train-{0..1}.tar", "train-0.tar"])
    refused(
        "key 'scene/s00': expected each key in one of train, val, test, found it in train and in test",
        root,
        test="train-0.tar",
    )
    write(root / "twice.tar", [("a.png", b"1"), ("b.png", b"1"), ("./a.PNG", b"2")])
    refused(r"twice\.tar: member 'a\.PNG': expected one member \.png a key, found it twice", root, "twice.tar")


def test_tars_without_samples_are_told_with_what_they_hold(root):
    refused(
        r"train: shards: expected members with .*'image': 'jpg'.*found only \['bin', 'cls', 'png'\]",
        root,
        entries={"image": "jpg"},
        label="txt",
    )


@pytest.mark.parametrize(
    ("label", "suffix", "data", "message"),
    [
        ("cls", "cls", b" \n", "expected a label .or no such member., found nothing"),
        ("cls", "cls", b"a\xff", "expected a label in UTF-8, found byte 0xff at 1"),
        ("cls", "cls", b"dusk", r"expected a class of the train split \(bright, dark\), found 'dusk'"),
        ("json:x", "json", b"{", "expected JSON, found 1 characters"),
        ("json:x", "json", b"[" * 100_000, "expected JSON, found 100000 characters"),
        ("json:x", "json", b"[1]", "expected a JSON object, found list"),
        ("json:x", "json", b'{"x": [1]}', "'x': expected a text or a number, found list"),
        ("json:x", "json", b" " * (1 << 20) + b"{}", "expected a label of at most 1048576 bytes"),
    ],
)
def test_a_faulty_label_is_named(root, label, suffix, data, message):
    names = {key: json.dumps({"x": FILES[key].get("cls", b"dark").decode()}).encode() for key in FILES}
    files = {key: FILES[key] | {"json": names[key]} for key in FILES}
    files[TEST[1]] = files[TEST[1]] | {suffix: data}
    pack(root / "a.tar", TRAIN, files=files)
    pack(root / "b.tar", TEST, files=files)
    refused(rf"b\.tar: member 'scene/s13\.{suffix}'.*{message}", root, "a.tar", "b.tar", label=label)


def test_what_is_scored_needs_a_label(root):
    refused("test: key 'scene/s08': expected a label, since it is scored", root, "train-0.tar", "train-1.tar")
    pack(root / "bare.tar", TRAIN, "png", "bin")
    refused("train: label 'cls': expected labelled samples, found none", root, "bare.tar")
