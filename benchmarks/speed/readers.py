"""Every modality's reader: samples a second, against the usual library and against the mere bytes of its files.

    python -m xmodal.benchmarks.speed.readers --json readers.json

Small files are written with a fixed seed and read one after the other while the system has them in memory. "plain" gets
the same numbers without our checks, by the usual library or by numpy; "bytes" is `Path.read_bytes`, which decodes
nothing. Before the clock starts every file must give the same numbers on both sides.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from xmodal.benchmarks.speed import readers_clouds, readers_grids, readers_signals
from xmodal.benchmarks.speed.comparison import OURS, Answer, Comparison
from xmodal.benchmarks.speed.interleaved import interleaved, times_faster
from xmodal.benchmarks.speed.readers_format import Format
from xmodal.benchmarks.speed.results import Figure, conditions, write

SEED = 0
FORMATS = (*readers_grids.FORMATS, *readers_clouds.FORMATS, *readers_signals.FORMATS)
MODALITIES = tuple(dict.fromkeys(form.modality for form in FORMATS))
TOLERANCE = 1e-6
"""Of the largest number: libraries scale 16-bit steps in another order."""


def comparison(form: Format, paths: Sequence[Path]) -> Comparison:
    """Our reader and the plain one over all the files."""

    def ours() -> Answer:
        return [form.ours(path) for path in paths]

    def plain() -> Answer:
        return [form.plain(path) for path in paths]

    calls = {OURS: ours, "plain": plain}
    return Comparison(form.modality, form.name, "samples", calls, dict.fromkeys(calls, len(paths)), TOLERANCE)


def compared(form: Format, *, files: int, rounds: int) -> dict[str, Any]:
    """One format: samples a second of each side, MB/s of ours, and how many times longer than the bytes it takes."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}{form.file}" for number in range(files)]
        rng = np.random.default_rng(SEED)
        for path in paths:
            form.write(path, rng)
        row = comparison(form, paths).row(rounds=rounds)
        calls = {OURS: lambda: [form.ours(path) for path in paths], "bytes": lambda: [p.read_bytes() for p in paths]}
        seconds = interleaved(calls, rounds=rounds)
        row["bytes"] = sum(path.stat().st_size for path in paths) / files
    row["mb_s"] = {side: value * row["bytes"] / 1e6 for side, value in row["per_second"].items()}
    row["times_bytes"] = times_faster(seconds["bytes"], seconds[OURS])
    return row


def figures(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    found = []
    for row in rows:
        name, plain, raw = f"{row['part']}, {row['case']}", row["faster"]["plain"], row["times_bytes"]
        found += [
            Figure(name, row["per_second"][OURS], "samples/s"),
            Figure(name, row["mb_s"][OURS], "MB/s"),
            Figure(f"{name}: times faster than plain", plain["ratio"], "x", plain["low"], plain["high"]),
            Figure(f"{name}: time over that of the bytes", raw["ratio"], "x", raw["low"], raw["high"]),
        ]
    return found


def shown(row: Mapping[str, Any]) -> str:
    name = f"{row['part']:<8}{row['case']:<15}{row['bytes'] / 1e3:>8.0f}"
    speeds = f"{row['per_second'][OURS]:>11,.0f}{row['mb_s'][OURS]:>8,.0f}"
    ratios = [
        "{ratio:.2f}x [{low:.2f}, {high:.2f}]".format(**ratio) for ratio in (row["faster"]["plain"], row["times_bytes"])
    ]
    return f"{name}{speeds}   {ratios[0]:<22}  {ratios[1]}"


def table(forms: Sequence[Format], *, files: int, rounds: int) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them; says which formats are left out."""
    print(
        f"{'reader':<8}{'format':<15}{'kB':>8}{'samples/s':>11}{'MB/s':>8}   {'faster than plain':<22}  time over bytes"
    )
    rows = []
    for form in forms:
        missing = [package for package in form.needs if find_spec(package) is None]
        if missing:
            print(f"{form.modality}, {form.name} is left out: {' and '.join(missing)} not installed")
            continue
        rows.append(compared(form, files=files, rounds=rounds))
        print(shown(rows[-1]), flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--modalities", nargs="+", choices=MODALITIES, default=list(MODALITIES))
    parser.add_argument("--files", type=int, default=8, help="of each format")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    args = parser.parse_args(arguments)
    forms = [form for form in FORMATS if form.modality in args.modalities]
    used = dict.fromkeys(package for form in forms for package in form.needs if find_spec(package))
    found = conditions("readers", __doc__, arguments, seed=SEED, packages=["pillow", *used])
    print(found)
    rows = table(forms, files=args.files, rounds=args.rounds)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
