"""`xmodal list`: what is installed, ours and third parties' alike."""

from __future__ import annotations

import argparse
import inspect
import json

from xmodal import plugins
from xmodal.errors import ConfigError

EXAMPLE = "xmodal list modalities"
KINDS = ("modalities", "benchmarks", "distillers", "tasks", "balance", "configs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", choices=KINDS, help="one kind only")
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    kinds = (args.kind,) if args.kind else KINDS
    rows = {kind: _configs() if kind == "configs" else _plugins(kind) for kind in kinds}
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0
    for kind, entries in rows.items():
        print(kind)
        for entry in entries:
            print(f"  {entry['name']:<22} {entry['summary']}")
    return 0


def _plugins(kind: str) -> list[dict[str, str]]:
    rows = []
    for name, point in sorted(plugins.found(f"xmodal.{kind}").items()):
        package = point.dist.name if point.dist else "?"
        try:
            summary = (inspect.getdoc(plugins.load_point(point)) or "").split("\n")[0]
        except ConfigError as error:
            summary = f"does not load: {error}"
        rows.append({"name": name, "summary": summary, "package": package})
    return rows


def _configs() -> list[dict[str, str]]:
    from xmodal.engine.config import docstring, find, shipped

    return [{"name": n, "summary": docstring(find(n)).split("\n")[0], "package": "xmodal"} for n in shipped()]
