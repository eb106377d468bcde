"""HTML and SVG that nobody can forget to escape: only `Html` goes into a page, and `text` makes it from strings."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import NewType

Html = NewType("Html", str)
"""Finished markup. A type checker refuses a plain string in its place."""

_VOID = ("meta", "img", "br")


def text(content: object) -> Html:
    """Any text, escaped."""
    return Html(_escaped(content))


def element(tag: str, *children: Html, **attributes: object) -> Html:
    """`<tag attributes>children</tag>`; in names of attributes `_` stands for `-`, and a last `_` is dropped."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    inside = "".join(f' {name}="{_escaped(value)}"' for name, value in named.items())
    return Html(f"<{tag}{inside}>" if tag in _VOID else f"<{tag}{inside}>{''.join(children)}</{tag}>")


def _escaped(content: object) -> str:
    """JSON can hold halves of surrogate pairs, which no file can."""
    return html.escape(str(content).encode("utf-8", "replace").decode("utf-8"))


def together(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def table(header: Sequence[str], rows: Iterable[Sequence[Html]], *, strong: int = -1, words: int = -1) -> Html:
    """A table that scrolls sideways on a narrow screen.

    Args:
        rows: finished cells; the first of each names the row.
        strong: the number of the row to stress; words: of the column that holds words, not numbers.
    """
    head = element("tr", *(element("th", text(name), scope="col") for name in header))
    body = []
    for row, (first, *others) in enumerate(rows):
        cells = [element("th", first, scope="row")]
        cells += [element("td", cell, class_="words" if i == words else "") for i, cell in enumerate(others, start=1)]
        body.append(element("tr", *cells, class_="strong" if row == strong else ""))
    inner = element("table", element("thead", head), element("tbody", *body))
    return element("div", inner, class_="scroll", tabindex=0)
