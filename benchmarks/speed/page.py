"""Makes a page of what the benches wrote.

    python -m xmodal.benchmarks.speed.page --results results/speed --page docs/speed.md

Every JSON file of the folder is one section; the same files give the same page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from xmodal.benchmarks.speed.results import Figure, Result, read
from xmodal.errors import DataError, XmodalError
from xmodal.files import write_text

HEAD = """# Speed

Each table is one run of the command above it, with `--json FILE`; this page is what
`python -m xmodal.benchmarks.speed.page` makes of those files. What is compared was measured in turns in that run, and
numbers of two runs or machines say nothing about each other. Intervals are 95 %, from a bootstrap over the rounds.
"""


def page(results: Sequence[Result]) -> str:
    """The whole page, sorted by the benches' names."""
    ordered = sorted(results, key=lambda result: (result.conditions.bench, result.conditions.command))
    return "\n".join([HEAD, *(section(result) for result in ordered)])


def section(result: Result) -> str:
    """One bench: what it ran with, and its figures."""
    found = result.conditions
    known = ", ".join(f"{name} {value}" for name, value in found.machine.items())
    lines = [
        f"## {found.bench}",
        "",
        found.about,
        "",
        f"    {found.command}",
        "",
        f"Commit `{found.commit}`, seed {found.seed}; {known}.",
        "",
        "| figure | value | 95 % interval | bar |",
        "|---|---:|---:|---|",
        *(_row(figure) for figure in result.figures),
    ]
    return "\n".join([*lines, ""])


def _row(figure: Figure) -> str:
    between = "" if figure.low is None or figure.high is None else f"{_shown(figure.low)} to {_shown(figure.high)}"
    value = f"{_shown(figure.value)} {figure.unit}".rstrip()
    cells = [figure.name.replace("|", "\\|"), value, between, figure.bar]
    return f"| {' | '.join(cells)} |"


def _shown(value: float) -> str:
    """Three decimals, fewer for large values."""
    size = abs(value)
    return f"{value:,.{0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3}f}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER", help="of the files of --json")
    parser.add_argument("--page", type=Path, required=True, metavar="FILE", help="the page to write")
    args = parser.parse_args(arguments)
    try:
        files = sorted(args.results.glob("*.json"))
        if not files:
            raise DataError(args.results, expected="JSON files of benches", found="none")
        write_text(args.page, page([read(file) for file in files]))
    except XmodalError as error:
        print(f"page: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
