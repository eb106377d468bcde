"""What there is to choose from, as rows for `xmodal list` and the tables in docs/."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

from torch import nn

from xmodal import losses, plugins
from xmodal.errors import ConfigError
from xmodal.provenance import module_summary, provenance, summary

Row = dict[str, str]


def loss_rows() -> list[Row]:
    """One row a loss: a function `kd_loss` is "kd"; a loss or wrapper that is a module only has its class's name."""
    public = {name: getattr(losses, name) for name in losses.__all__}
    found = {name.removesuffix("_loss"): thing for name, thing in public.items() if name.endswith("_loss")}
    functions = {thing.__module__ for thing in found.values()}
    for name, thing in public.items():
        if inspect.isclass(thing) and issubclass(thing, nn.Module) and thing.__module__ not in functions:
            found[name] = thing
    rows = []
    for name, thing in sorted(found.items(), key=lambda item: item[0].lower()):
        family = thing.__module__.split(".")[2]
        rows.append({"name": name, "summary": module_summary(thing), "family": family, **_origin(thing)})
    return rows


def plugin_rows(kind: str) -> list[Row]:
    """One row an entry point of the group `xmodal.KIND`, ours and third parties' alike."""
    points = sorted(plugins.found(f"xmodal.{kind}").items())
    rows = []
    for name, point in points:
        package = point.dist.name if point.dist else "?"
        try:
            about = _about(plugins.load_point(point), kind)
        except ConfigError as error:
            about = {"summary": f"does not load: {error}"}
        rows.append({"name": name, **about, "package": package})
    return rows


def _about(thing: Any, kind: str) -> Row:
    if kind not in SOURCED:
        return {"summary": summary(thing)}
    module = sys.modules[thing.__module__]
    alone = sum(inspect.isclass(other) and other.__module__ == thing.__module__ for other in _public(module)) == 1
    return {"summary": module_summary(thing) if alone else summary(thing), **_origin(thing)}


def _public(module: Any) -> list[Any]:
    return [getattr(module, name) for name in dir(module) if not name.startswith("_")]


SOURCED = ("distillers", "balance")
"""The groups whose members are published mechanisms."""


def _origin(thing: Any) -> Row:
    origin = provenance(thing)
    return {"source": origin.source if origin else "", "evidence": origin.evidence if origin else ""}


def markdown(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A table of those columns."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for row in rows:
        cells = (f"`{row[c]}`" if c == "name" else row.get(c, "").replace("|", "\\|") for c in columns)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
