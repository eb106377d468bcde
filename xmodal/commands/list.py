"""`xmodal list`: what is installed, ours and third parties' alike."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from xmodal.catalogue import Row, loss_rows, markdown, plugin_rows

EXAMPLE = "xmodal list modalities"
KINDS = ("modalities", "benchmarks", "losses", "distillers", "balance", "tasks", "configs", "papers")
COLUMNS = {
    "losses": ("name", "family", "summary", "source", "evidence"),
    "distillers": ("name", "summary", "source", "evidence"),
    "balance": ("name", "summary", "source", "evidence"),
    "papers": ("name", "system", "sensors", "evidence", "gain"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", choices=KINDS, help="one kind only")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="machine-readable output")
    form.add_argument("--markdown", action="store_true", help="tables for documents")


def run(args: argparse.Namespace) -> int:
    kinds = (args.kind,) if args.kind else KINDS
    rows = {kind: rows_of(kind) for kind in kinds}
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0
    for kind, entries in rows.items():
        if args.markdown:
            print(markdown(entries, COLUMNS.get(kind, ("name", "summary"))))
        else:
            _print(kind, entries)
    return 0


def rows_of(kind: str) -> list[Row]:
    """The rows of one kind."""
    special: dict[str, Callable[[], list[Row]]] = {"losses": loss_rows, "configs": _configs, "papers": _papers}
    return special[kind]() if kind in special else plugin_rows(kind)


def _print(kind: str, entries: list[Row]) -> None:
    width = max([22, *(len(entry["name"]) for entry in entries)])
    print(kind)
    for entry in entries:
        about = f"{entry['sensors']}; {entry['evidence']}; {entry['gain']}" if kind == "papers" else entry["summary"]
        print(f"  {entry['name']:<{width}} {about}")


def _configs() -> list[Row]:
    from xmodal.engine.config import docstring, find, shipped

    return [{"name": n, "summary": docstring(find(n)).split("\n")[0], "package": "xmodal"} for n in shipped()]


def _papers() -> list[Row]:
    from xmodal.engine import papers
    from xmodal.report.papers import gain, verdict

    figures = papers.measured(papers.record_file())
    rows = []
    for paper in map(papers.paper_of, papers.names()):
        row = figures.get(paper.name)
        told = f"{gain(row):+.3f} {row['metric']} over the student alone ({verdict(row)})" if row else "not measured"
        rows.append(
            {
                "name": paper.name,
                "system": paper.system,
                "sensors": paper.sensors,
                "evidence": paper.evidence,
                "summary": paper.summary,
                "config": paper.config,
                "gain": told,
            }
        )
    return rows
