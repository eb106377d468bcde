"""Folders and tables of images with captions: every pair comes out, and what lacks its other half is named."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.text import read_csv_pairs, read_folder_pairs
from xmodal.modalities.text.entry import text_of
from xmodal.modalities.text.pairs import Part, parse_captions


def picture(path, value=0):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((4, 6, 3), value, np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pairs"
    root.mkdir()
    picture(root / "b.v2.png", 20)
    (root / "b.v2.txt").write_text("a car")
    picture(root / "sub" / "a.jpg", 90)
    (root / "sub" / "a.json").write_text(json.dumps({"captions": ["one", "two"], "width": 6}))
    (root / "notes.md").write_text("no pair")
    return root


def test_a_folder_gives_each_image_with_its_captions(folder):
    pairs = read_folder_pairs(folder)
    assert [s.key for s in pairs] == ["b.v2", "sub/a"]
    assert pairs[0].entries["image"].shape == (3, 4, 6)
    assert (pairs[0].entries["image"] == 20).all()
    assert [text_of(s.entries["text"].values) for s in pairs] == ["a car", "one"]
    assert pairs[1].meta == {"captions": {"text": ("one", "two")}}
    assert [s.key for s in pairs[1:]] == ["sub/a"]
    assert read_folder_pairs(folder, "image/front", "text/en")[0].entries.keys() == {"image/front", "text/en"}


def test_files_are_read_when_a_sample_is_asked_for(folder):
    pairs = read_folder_pairs(folder)
    (folder / "b.v2.txt").write_text("later")
    assert text_of(pairs[0].entries["text"].values) == "later"
    (folder / "b.v2.png").unlink()
    with pytest.raises(DataError, match=r"b\.v2\.png: .*no such file"):
        pairs[0]


def test_a_folder_with_half_pairs_is_refused(folder):
    picture(folder / "c.jpg")
    with pytest.raises(DataError, match=r"c\.jpg: expected a caption c\.txt beside it"):
        read_folder_pairs(folder)
    (folder / "c.jpg").rename(folder / "b.v2.jpg")
    with pytest.raises(DataError, match="expected one image of that name"):
        read_folder_pairs(folder)
    (folder / "b.v2.jpg").rename(folder / "notes.jpg")
    (folder / "notes.txt").write_text("x")
    (folder / "only.txt").write_text("x")
    with pytest.raises(DataError, match=r"only\.txt: expected an image only\.jpg"):
        read_folder_pairs(folder)
    with pytest.raises(DataError, match="no such folder"):
        read_folder_pairs(folder / "none")
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="found none"):
        read_folder_pairs(folder / "empty")


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"caption": " a "}', (" a ",)), ('"a"', ("a",)), ('["a", "b"]', ("a", "b")), ('{"captions": ["a"]}', ("a",))],
)
def test_json_captions(tmp_path, text, expected):
    (tmp_path / "a.json").write_text(text)
    assert parse_captions(Part(tmp_path / "a.json")) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{}", "a field 'caption' or 'captions', found neither"),
        ('{"caption": "a", "captions": []}', "found caption and captions"),
        ('{"caption": 3}', "a string, found int"),
        ('{"captions": []}', "a string, found list"),
        ('{"captions": ["a", ""]}', "found nothing"),
        ('{"caption": "\\ud800"}', "surrogate"),
        ("{", "found 1 characters that are none at line 1"),
        ("[" * 100_000, "characters that are none"),
    ],
)
def test_json_that_holds_no_caption_is_refused(tmp_path, text, found):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=rf"a\.json.*{found}"):
        parse_captions(Part(tmp_path / "a.json"))


def table(folder, text, name="pairs.csv"):
    (folder / name).write_bytes(text.encode())
    return folder / name


def test_a_table_gives_each_path_with_its_captions(folder):
    path = table(
        folder, '\ufeffid,caption,path\r\n1,"a car, red",b.v2.png\r\n2,two,sub/a.jpg\r\n\r\n3,again,b.v2.png\r\n'
    )
    pairs = read_csv_pairs(path)
    assert [s.key for s in pairs] == ["b.v2.png", "sub/a.jpg"]
    assert pairs[0].meta["captions"]["text"] == ("a car, red", "again")
    assert (pairs[0].entries["image"] == 20).all()
    tabs = table(folder, "filepath\ttitle\nb.v2.png\ta car, red\n", "pairs.tsv")
    (sample,) = read_csv_pairs(tabs, "filepath", "title")
    assert text_of(sample.entries["text"].values) == "a car, red"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,text\na,b\n", "column 'caption': expected once in the header"),
        ("path,caption,path\na,b,c\n", "column 'path': expected once in the header"),
        ("path,caption\na\n", "line 2: expected 2 cells, found 1"),
        ("path,caption\n,b\n", "line 2, column 'path': expected a path"),
        ("path,caption\na, \n", "line 2, column 'caption': expected text, found nothing"),
        ('path,caption\na,"b\n', "a table of quoted or plain cells"),
        ("path,caption\n", "at least one row"),
        ("", "column 'path': expected once in the header"),
    ],
)
def test_tables_that_do_not_fit_are_refused(folder, text, message):
    with pytest.raises(DataError, match=message):
        read_csv_pairs(table(folder, text))


def test_tables_of_other_kinds_are_refused(folder):
    (folder / "latin.csv").write_bytes(b"path,caption\na,caf\xe9\n")
    with pytest.raises(DataError, match="expected text in UTF-8, found byte 0xe9"):
        read_csv_pairs(folder / "latin.csv")
    with (folder / "endless.csv").open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(DataError, match="1048576 characters without a line end"):
        read_csv_pairs(folder / "endless.csv")
    with pytest.raises(DataError, match=r"suffix '\.xls'"):
        read_csv_pairs(folder / "a.xls")
    with pytest.raises(DataError, match="no such file"):
        read_csv_pairs(folder / "none.csv")


def read_all(read):
    return lambda path: [torch.as_tensor(s.entries["image"]) for s in read(path)]


def test_damaged_tables_and_captions_are_read_or_refused(folder):
    path = table(folder, "path,caption\n" + "b.v2.png,a car\nsub/a.jpg,another one\n" * 3)
    assert survive(read_all(read_csv_pairs), path, 200) > 50
    assert survive(lambda p: parse_captions(Part(p)), folder / "sub" / "a.json", 200) > 50
