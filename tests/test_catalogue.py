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


WANTED = {
    "logits": (
        "kd dkd dist gkl ikl mlld LogitStandardization bild dbild figkd generalized_jsd reverse_kl "
        "uncertainty_kd entropy_gated binary_kd soft_label ofa margin_focal"
    ),
    "features": (
        "hint attention_transfer nst vid crd CRDMemory ReviewFusion hcl cwd pkd fsp cka mmd spectral "
        "Matryoshka CodebookDiversity scalr cosine cosine_smooth_l1 theia DiffKDLoss"
    ),
    "relational": (
        "rkd_distance rkd_angle similarity_preserving correlation_congruence pkt CLIPKDTerms CLIPRDTerms "
        "clip_affinity interactive_contrastive clip_gradient FusedContrastiveLoss vertical_relation "
        "cross_relation pairwise_affinity"
    ),
    "attention": ("attention_kl vocabulary_kl vocabulary_jsd"),
    "geometry": ("activation_map proposal_map keypoint_feature keypoint_relation superpixel_contrast MEALoss"),
}


@pytest.mark.parametrize("family", WANTED)
def test_the_mechanisms_of_the_literature_are_there(family):
    found = {row["name"] for row in rows_of("losses") if row["family"] == family}
    assert set(WANTED[family].split()) <= found


def test_losses_can_be_listed_in_json(capsys):
    assert main(["list", "losses", "--json"]) == 0
    (kd,) = (row for row in json.loads(capsys.readouterr().out)["losses"] if row["name"] == "kd")
    assert kd["evidence"] == "exact"
    assert "1503.02531" in kd["source"]
    assert kd["family"] == "logits"


def test_pipes_do_not_break_a_table():
    assert catalogue.markdown([{"name": "a", "summary": "x | y"}], ("name", "summary")).endswith("| `a` | x \\| y |")
