"""The report's example predictions: panels that the run left in `examples/`, inside the page."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from xmodal.report.markup import Html, element, text

MOST = 8
_PNG = b"\x89PNG\r\n\x1a\n"


def examples_section(folder: Path) -> tuple[Html, list[str]]:
    """Up to eight panels with captions, and notes in words on damaged ones; empty where there are none."""
    places = sorted(place for place in (folder / "examples").glob("*.png") if place.is_file())[:MOST]
    captions, notes = _captions(folder / "examples" / "captions.json") if places else ({}, [])
    figures = []
    for place in places:
        content = place.read_bytes()
        if not content.startswith(_PNG):
            notes.append(f"examples/{place.name} is no PNG file and is left out.")
            continue
        caption = str(captions.get(place.name, ""))
        coded = base64.b64encode(content).decode("ascii")
        image = element("img", src=f"data:image/png;base64,{coded}", alt=caption or f"example {place.stem}")
        parts = [element("figcaption", text(caption))] if caption else []
        figures.append(element("figure", *parts, element("div", image, class_="scroll", tabindex=0)))
    if not figures:
        return Html(""), notes
    head = element("h2", text("Examples from the test samples"))
    return element("section", head, *figures, class_="examples"), notes


def _captions(path: Path) -> tuple[dict[str, Any], list[str]]:
    if not path.is_file():
        return {}, []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {}, ["examples/captions.json does not hold captions by file name."]
    return found, []
