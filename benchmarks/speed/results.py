"""What a bench found and what it was found with: printed, and kept as JSON for `page`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xmodal.benchmarks.speed.measure import machine
from xmodal.engine.papers import commit
from xmodal.errors import DataError
from xmodal.files import read_json, write_json


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a bench.

    Attributes:
        name: what was compared.
        value: in `unit`: "x" for a ratio, "ms", "s", "MiB".
        low, high: its 95 % interval; None where there is none.
        bar: what it shall be, in words; "" where nothing is asked.
    """

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    bar: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the numbers of one run of a bench depend on.

    Attributes:
        bench: its name; about: what it compares, in a line.
        command: makes the same numbers; machine: see `measure.machine`, and versions; commit: of xmodal.
    """

    bench: str
    about: str
    command: str
    machine: Mapping[str, str | int]
    commit: str
    seed: int

    def __str__(self) -> str:
        known = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        return f"{known}, commit {self.commit}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Result:
    """One run of a bench."""

    conditions: Conditions
    figures: Sequence[Figure]


def conditions(
    bench: str, about: str | None, arguments: Sequence[str] | None, *, seed: int, packages: Sequence[str] = ()
) -> Conditions:
    """Those of this process.

    Args:
        bench: the module's name in this folder.
        about: its docstring, of which the first line is kept.
        arguments: those of its `main`; None for those of the command line.
        packages: of which the versions matter as well.
    """
    given = _without_place(sys.argv[1:] if arguments is None else arguments)
    command = shlex.join(["python", "-m", f"xmodal.benchmarks.speed.{bench}", *given])
    known = machine() | {name: version(name) for name in packages}
    return Conditions(bench, (about or "").split("\n")[0], command, known, commit(), seed)


def _without_place(arguments: Sequence[str]) -> list[str]:
    """Where the numbers are written changes none of them."""
    kept = [text for text in arguments if not text.startswith("--json=")]
    if "--json" in kept:
        place = kept.index("--json")
        del kept[place : place + 2]
    return kept


def write(path: Path, found: Conditions, figures: Sequence[Figure], rows: Sequence[Mapping[str, Any]]) -> None:
    """The figures, the rows that they were made from, and the conditions."""
    write_json(path, {**asdict(found), "figures": [asdict(figure) for figure in figures], "rows": list(rows)})


def read(path: Path) -> Result:
    """What `write` wrote; the rows are left aside.

    Raises:
        DataError: a field is missing or of another type.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise DataError(path, expected="the fields of a bench", found=type(content).__name__)
    figures = _field(path, content, "figures", list)
    fields: dict[str, Any] = {"bench": str, "about": str, "command": str, "machine": dict, "commit": str, "seed": int}
    about = {name: _field(path, content, name, kind) for name, kind in fields.items()}
    return Result(Conditions(**about), [_figure(path, figure) for figure in figures])


def _figure(path: Path, content: Any) -> Figure:
    if not isinstance(content, dict):
        raise DataError(f"{path}: figures", expected="objects", found=f"{content!r:.60}")
    numbers = {name: _number(path, content, name) for name in ("value", "low", "high")}
    if numbers["value"] is None:
        raise DataError(f"{path}: figures: value", expected="a number", found="null")
    texts = {name: _field(path, content, name, str) for name in ("name", "unit", "bar")}
    return Figure(**texts, **numbers)  # type: ignore[arg-type]


def _number(path: Path, content: Mapping[str, Any], name: str) -> float | None:
    value = content.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise DataError(f"{path}: figures: {name}", expected="a number", found=f"{value!r:.60}")
    return value


def _field(path: Path, content: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(content.get(name), kind):
        raise DataError(f"{path}: {name}", expected=kind.__name__, found=f"{content.get(name)!r:.60}")
    return content[name]
