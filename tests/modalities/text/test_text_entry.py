"""A string travels as its UTF-8 bytes and comes back; what is no text is refused by name."""

import pytest
import torch

from fuzz import survive
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.text import TextAdapter
from xmodal.modalities.text.entry import text_entry, text_of, texts_of
from xmodal.modalities.text.read import LARGEST_BYTES

GREEK = "Ein Gefäß, αβγ, 雪 and 🚗"


def test_a_string_comes_back_from_a_batch():
    samples = [Sample("a", {"text": text_entry(GREEK)}), Sample("b", {}), Sample("c", {"text": text_entry("x")})]
    batch = collate(samples)
    assert batch.ragged("text").values.dtype == torch.uint8
    assert texts_of(batch, "text") == [GREEK, "", "x"]
    assert texts_of(batch.rows(torch.tensor([2, 0])), "text") == ["x", GREEK]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "nothing"),
        (" \n", "blanks only"),
        ("a\0b", "NUL character at place 1"),
        ("\ud800", "surrogate"),
        (3, "int"),
    ],
)
def test_what_is_no_text_is_refused(text, found):
    with pytest.raises(DataError, match=f"caption 7: .*{found}"):
        text_entry(text, "caption 7")


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(DataError, match="other bytes from 1 on"):
        text_of(torch.tensor([65, 255], dtype=torch.uint8))
    with pytest.raises(DataError, match=r"found torch\.int64"):
        text_of(torch.tensor([65]))


def test_a_file_is_read_without_its_mark_and_line_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n\n")
    entry = TextAdapter.read(path)
    assert isinstance(entry, Rows)
    assert text_of(entry.values) == "one\ntwo"


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "nothing"), (b"caf\xe9", "byte 0xe9 at 3"), (b"\xff\xfea\0", "byte 0xff at 0"), (b"a\0", "NUL")],
)
def test_files_that_are_no_text_are_refused(tmp_path, content, found):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.txt: .*{found}"):
        TextAdapter.read(tmp_path / "a.txt")


def test_large_missing_and_other_files_are_refused(tmp_path):
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(DataError, match=f"at most {LARGEST_BYTES} bytes"):
        TextAdapter.read(large)
    with pytest.raises(DataError, match="no such file"):
        TextAdapter.read(tmp_path / "none.txt")
    with pytest.raises(DataError, match=r"suffix '\.pdf'"):
        TextAdapter.read(tmp_path / "a.pdf")


def test_damaged_files_are_read_or_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(GREEK * 20, encoding="utf-8")
    assert survive(TextAdapter.read, path, 200) > 50
