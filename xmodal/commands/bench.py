"""`xmodal bench`: measure published systems, one after the other, and write the table."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLE = "xmodal bench papers --seeds 0 1 2 --root ssvep=PATH/TO/ssvep"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["papers"], help="papers: the systems of configs/papers")
    parser.add_argument("names", nargs="*", help="only these (see `xmodal list papers`)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="all arms once for each seed")
    parser.add_argument("--out", type=Path, default=Path("runs/papers"), help="run folders, kept and gone on with")
    parser.add_argument("--record", type=Path, help="file of the figures (default: OUT/measured.json)")
    parser.add_argument("--table", type=Path, help="the page to write (default: OUT/papers.md)")
    parser.add_argument(
        "--retime", action="store_true", help="distil once more, from the beginning, and replace only a row's seconds"
    )
    parser.add_argument(
        "--root", nargs="+", default=[], metavar="BENCHMARK=FOLDER", help="where the data of real benchmarks lie"
    )


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from xmodal.engine import papers
    from xmodal.errors import ConfigError
    from xmodal.files import write_text
    from xmodal.report.papers import page

    console = Console()
    record = args.record or args.out / "measured.json"
    roots = dict(text.partition("=")[::2] for text in args.root)
    known = papers.names()
    failed = []
    for name in [papers.paper_of(name).name for name in args.names] or known:
        try:
            said = (_retime if args.retime else _row)(name, args, record, roots, console)
        except ConfigError as error:
            said = str(error)
            failed.append(name)
        console.print(f"{name}: {said}", highlight=False, soft_wrap=True)
    write_text(args.table or args.out / "papers.md", page([papers.paper_of(n) for n in known], papers.measured(record)))
    if failed:
        raise ConfigError(f"not measured: {', '.join(failed)}")
    return 0


def _row(name: str, args: argparse.Namespace, record: Path, roots: dict[str, str], console: Console) -> str:
    """Measure one system, unless that was done; says how it went."""
    from xmodal.engine import papers
    from xmodal.report.papers import verdict

    config = papers.configured(name, [f"seeds={tuple(args.seeds)!r}"])
    done = papers.measured(record).get(name, {})
    if done.get("digest") == papers.digest(config) and done.get("seeds") == args.seeds:
        return f"measured already at {done['commit']}"
    result = _measure(name, args.out / f"{name}-{papers.digest(config)}", args, roots, console)
    return verdict(papers.record(record, name, config, result))


def _retime(name: str, args: argparse.Namespace, record: Path, roots: dict[str, str], console: Console) -> str:
    """Distil once more and keep nothing but the time: for rows that were measured beside other work."""
    from xmodal.engine import papers

    config = papers.configured(name)
    papers.row_of(record, name, config)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out) as folder:
        result = _measure(name, Path(folder) / name, args, roots, console)
    return f"{papers.retime(record, name, config, result)['seconds']:.1f} s a seed"


def _measure(
    name: str, folder: Path, args: argparse.Namespace, roots: dict[str, str], console: Console
) -> dict[str, object]:
    from xmodal.engine import papers
    from xmodal.engine.config import find
    from xmodal.engine.log import Log
    from xmodal.engine.run import Run
    from xmodal.plugins import registered_name
    from xmodal.report.table import print_tables

    overrides = [f"seeds={tuple(args.seeds)!r}"]
    benchmark = registered_name(papers.configured(name).benchmark["type"])
    if benchmark in roots:
        overrides.append(f"benchmark.root={roots[benchmark]}")
    config = papers.configured(name, overrides)
    source = find(f"papers/{name}")
    log = Log(folder, console)
    run = Run(folder, config, source, log, overrides=overrides, resume=True, shared=args.out / "shared")
    result = run.train()
    print_tables(result, console)
    return result
