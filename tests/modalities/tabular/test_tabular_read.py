"""One row of a table from .json and .csv, whole and damaged."""

import math

import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.tabular import TabularMLP
from xmodal.modalities.tabular.read import read_row

JSON = '{"age": 63, "weight_kg": 71.5, "sex": "f", "mmse": null, "smoker": true}'
CSV = 'age,weight_kg,sex,mmse,"smoker"\n63,71.5,f,NA,1\n'
SEX = {"sex": ("m", "f")}


@pytest.mark.parametrize(
    ("kind", "text"), [("json", JSON), ("csv", CSV), ("csv", "\ufeff" + CSV.replace("\n", "\r\n"))]
)
def test_numbers_categories_and_missing_values(tmp_path, kind, text):
    path = tmp_path / f"a.{kind}"
    path.write_text(text, newline="")
    row = read_row(path, categories=SEX)
    assert row.dtype == torch.float32
    assert row[[0, 1, 2, 4]].tolist() == [63, 71.5, 1, 1]
    assert math.isnan(row[3])
    assert read_row(path, columns=["weight_kg", "age"]).tolist() == [71.5, 63]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"age": "old"}', "column 'age': expected a number .* found 'old'"),
        ('{"sex": "x"}', r"column 'sex': expected one of \['m', 'f'\], found 'x'"),
        ('{"age": 1e999}', "column 'age': expected a finite number"),
        ('{"age": NaN}', "column 'age': expected a finite number"),
        ('{"age": [1]}', r"found \[1\]"),
        ('{"age": 1, "age": 2}', r"each name once, found \['age'\] more often"),
        ("[1, 2]", "a JSON object, one value a column, found list"),
        ("{", "a JSON object, found text that is none"),
        ("[" * 100_000, "a JSON object"),
        ('{"age": ' + "9" * 5000 + "}", "a JSON object, found text that is none"),
        ("{}", "one or more"),
        ("", "size"),
    ],
)
def test_a_bad_json_is_named(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_row(tmp_path / "a.json", categories=SEX)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "a line of names and a line of as many values, found 1 lines"),
        ("a,b\n1\n", r"found 2 lines of \[2, 1\] cells"),
        ("a,b\n1,2\n3,4\n", "found 3 lines"),
        ("a,a\n1,2\n", "each name once"),
        ('a,b\n"1,2\n', "quotes that close"),
        ("a\n1_000\n", "column 'a': expected a number"),
        ("a\ninf\n", "a finite number"),
    ],
)
def test_a_bad_csv_is_named(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_row(tmp_path / "a.csv")


def test_absent_columns_and_other_files_are_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"age": 1}')
    with pytest.raises(DataError, match=r"columns: expected \['bmi'\], found \['age'\]"):
        read_row(tmp_path / "a.json", columns=["age", "bmi"])
    (tmp_path / "b.csv").write_bytes(b"a\n\xff\n")
    with pytest.raises(DataError, match="UTF-8 text, found the byte 0xff"):
        TabularMLP.read(tmp_path / "b.csv")
    with pytest.raises(DataError, match="no such file"):
        read_row(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"suffix '\.xml'"):
        read_row(tmp_path / "a.xml")


@pytest.mark.parametrize(("kind", "text"), [("json", JSON), ("csv", CSV)])
def test_damaged_files_give_data_or_a_good_error(tmp_path, kind, text):
    path = tmp_path / f"a.{kind}"
    path.write_text(text)
    assert survive(lambda p: read_row(p, categories=SEX), path, 200) > 40
