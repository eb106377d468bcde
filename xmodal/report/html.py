"""`report.html`: one page about a run that needs no other file and no network."""

from __future__ import annotations

from pathlib import Path

from xmodal.files import read_json, write_text
from xmodal.report.curves import curve_figures, first_curves
from xmodal.report.examples import examples_section
from xmodal.report.markup import Html, element, text, together
from xmodal.report.metrics_log import read_metrics
from xmodal.report.numbers import count, duration
from xmodal.report.recipe import about, recipe_section
from xmodal.report.results import group_section, tiles
from xmodal.report.style import CSS
from xmodal.report.summary import Summary, summarise

_NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def write_report(folder: Path) -> Path:
    """Write `report.html` into a run folder.

    Args:
        folder: holds result.json; config.py, config.json, overrides.json, metrics.jsonl and examples/ are shown as far
            as they are there, and the page says what is missing.

    Returns:
        the page's path.

    Raises:
        DataError: result.json is missing or damaged.
    """
    summary = summarise(read_json(folder / "result.json"))
    page = folder / "report.html"
    write_text(page, report_page(folder, summary))
    return page


def report_page(folder: Path, summary: Summary) -> str:
    """The whole page."""
    recipe, notes = recipe_section(folder, summary)
    examples, more = examples_section(folder)
    curves, skipped = _curves(folder)
    groups = [group_section(summary, group) for group in summary.groups]
    said = [*notes, *more, *skipped]
    body = element("main", _head(folder, summary), *groups, examples, curves, recipe, _notes(said))
    name = text(f"{_name(folder)} · xmodal")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_NOTHING_FROM_OUTSIDE),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", name),
        element("style", Html(CSS)),
    )
    return f"<!doctype html>\n{element('html', head, element('body', body), lang='en')}\n"


def _head(folder: Path, summary: Summary) -> Html:
    time = f"trained in {duration(summary.seconds)}"
    facts = [summary.benchmark, summary.task, count(len(summary.seeds), "seed"), time]
    parts = [
        element("p", text(" · ".join(facts)), class_="kicker"),
        element("h1", text(_name(folder))),
        element("p", text(about(folder)), class_="about"),
    ]
    return together([*parts, *(tiles(summary, group) for group in summary.groups[:1])])


def _curves(folder: Path) -> tuple[Html, list[str]]:
    rows, notes = read_metrics(folder / "metrics.jsonl")
    where, curves = first_curves(rows)
    if not curves:
        return Html(""), notes
    head = element("h2", text(f"Training curves ({where})"))
    note = element("p", text("Thick lines are running means of the faint ones."), class_="note")
    return element("section", head, curve_figures(curves), note), notes


def _notes(said: list[str]) -> Html:
    if not said:
        return Html("")
    return element("section", element("h2", text("Notes on this folder")), *(element("p", text(s)) for s in said))


def _name(folder: Path) -> str:
    return folder.resolve().name
