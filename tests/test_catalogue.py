"""What can be listed: every published mechanism says where it comes from, and the documents say what the code says."""

import json
from pathlib import Path

import pytest

from xmodal import catalogue
from xmodal.cli import main
from xmodal.commands.list import COLUMNS, rows_of
from xmodal.provenance import GRADES, Provenance, provenance

DOCS = Path(__file__).resolve().parent.parent / "docs"
SOURCED = ("losses", "distillers", "balance")


class Told:
    """Does something.

    A Title, some venue 2020,
    arXiv 1234.5678. Evidence: exact (loss); recalled (numbers).
    """


class Untold:
    """Says nothing of its source."""


def test_provenance_is_read_across_lines_and_stops_at_the_sentence():
    told = provenance(Told)
    assert told == Provenance("A Title, some venue 2020, arXiv 1234.5678.", "exact (loss); recalled (numbers)")
    assert told.grades == ("exact", "recalled")
    assert provenance(Untold) is None


@pytest.mark.parametrize("kind", SOURCED)
def test_every_mechanism_names_its_source_and_evidence(kind):
    rows = [row for row in rows_of(kind) if row.get("package", "xmodal") == "xmodal"]
    assert rows
    for row in rows:
        assert row["summary"], row["name"]
        grades = Provenance("", row["evidence"]).grades
        assert grades, f"{row['name']}: evidence {row['evidence']!r} is none of {GRADES}"
        assert row["source"] or grades == ("ours",), row["name"]


@pytest.mark.parametrize("kind", SOURCED)
def test_the_table_in_the_documents_is_that_of_the_code(kind):
    """Made by `xmodal list KIND --markdown`."""
    written = (DOCS / f"{kind}.md").read_text(encoding="utf-8")
    ours = [row for row in rows_of(kind) if row.get("package", "xmodal") == "xmodal"]
    assert catalogue.markdown(ours, COLUMNS[kind]) in written


def test_losses_can_be_listed_in_json(capsys):
    assert main(["list", "losses", "--json"]) == 0
    (kd,) = (row for row in json.loads(capsys.readouterr().out)["losses"] if row["name"] == "kd")
    assert kd["evidence"] == "exact"
    assert "1503.02531" in kd["source"]
    assert kd["family"] == "logits"


def test_pipes_do_not_break_a_table():
    assert catalogue.markdown([{"name": "a", "summary": "x | y"}], ("name", "summary")).endswith("| `a` | x \\| y |")
