"""`xmodal train`: every arm of a config, the table, the report."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "xmodal train lidar_to_rgb_street --set schedule.steps=200 --seeds 0 1 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", help="a config's name (see `xmodal list configs`) or the path of a .py file")
    parser.add_argument("--out", type=Path, help="run folder (default: runs/CONFIG)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the config")
    parser.add_argument("--seeds", type=int, nargs="+", help="train all arms once for each seed")
    parser.add_argument("--arms", nargs="+", help="train these arms only (student self shuffled distilled teacher)")
    parser.add_argument(
        "--shared", type=Path, metavar="FOLDER", help="keep teachers and students alone here, for runs that share them"
    )
    parser.add_argument(
        "--store", type=Path, metavar="FOLDER", help="let teachers answer from what `xmodal cache` kept here"
    )
    parser.add_argument("--tensorboard", action="store_true", help="write the curves for TensorBoard, too")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from xmodal.engine.config import find, read
    from xmodal.engine.log import Log
    from xmodal.engine.run import Run
    from xmodal.report.html import write_report
    from xmodal.report.predictions import write_examples
    from xmodal.report.table import print_tables

    source = find(args.config)
    overrides = list(args.set)
    if args.seeds:
        overrides.append(f"seeds={tuple(args.seeds)!r}")
    if args.arms:
        overrides.append(f"arms={tuple(args.arms)!r}")
    config = read(source, overrides)
    folder = args.out or Path("runs") / source.stem
    console = Console()
    run = Run(
        folder,
        config,
        source,
        Log(folder, console, curves=args.tensorboard),
        overrides=overrides,
        resume=args.resume,
        shared=args.shared,
        store=args.store,
    )
    result = run.train()
    print_tables(result, console)
    write_examples(run)
    lines = [f"report:  {write_report(folder)}"]
    if (folder / "student.safetensors").is_file():
        lines.insert(0, f"student: {folder / 'student.safetensors'}")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
    return 0
