"""`xmodal evaluate`: rebuild a finished model and score it on the test samples, fed its own entries only."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xmodal.adapter import Model
    from xmodal.data.benchmark import Benchmark, Split
    from xmodal.engine.run_config import RunConfig

Scores = dict[str, dict[str, float]]
"""By task: its metrics."""

EXAMPLE = "xmodal evaluate runs/lidar_to_rgb_street --arm teacher"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run folder with student.safetensors and student.json")
    parser.add_argument("--arm", help="score this arm of the same seed and split instead of the exported student")
    parser.add_argument(
        "--drop",
        nargs="+",
        default=[],
        metavar="KEY",
        help="score again without these entries, or without each subset of the entries (all)",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the config")
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    from xmodal.engine.build import build
    from xmodal.engine.config import read_run
    from xmodal.engine.dropping import subsets
    from xmodal.errors import ConfigError
    from xmodal.files import read_json

    if not (args.run / "student.json").is_file():
        begun = (args.run / "config.json").is_file()
        what = "is not finished: xmodal train with --resume goes on" if begun else "is none"
        raise ConfigError(f"{args.run}: expected the folder of a finished run, and it {what}")
    about = read_json(args.run / "student.json")
    config = read_run(args.run, args.set)
    benchmark = build(config.benchmark, "benchmark")
    trained = about["trained"]
    split = _split(args.run, config, benchmark, trained)
    model, own = _model(args, config, benchmark, about)
    kept = list(subsets(model, args.drop)) if args.drop else [tuple(own)]
    # A sample may lack a teacher's sensor, or all that is kept; the student's must be there.
    skip = bool(args.drop or args.arm)
    rows = [(keys, _scores(model, split, benchmark, keys, skip)) for keys in kept]
    if args.json:
        found: dict[str, Any] = {"run": str(args.run), "arm": args.arm or trained["arm"], "split": split.name}
        found |= {"samples": len(split.test), "scores": rows[0][1]}
        if args.drop:
            found["dropped"] = [{"fed": keys, "scores": scores} for keys, scores in rows]
        print(json.dumps(found))
        return 0
    if args.drop:
        _print_dropped(rows, model, split)
        return 0
    print(f"{len(split.test)} test samples of {split.name}, fed {', '.join(own)}")
    for task, metrics in rows[0][1].items():
        for name, value in metrics.items():
            print(f"  {task} {name:<24} {value:.4f}")
    return 0


def _split(folder: Path, config: RunConfig, benchmark: Benchmark, trained: dict[str, Any]) -> Split:
    from xmodal.engine.screening import screening_of
    from xmodal.errors import DataError

    split = next((s for s in benchmark.splits(trained["seed"]) if s.name == trained["split"]), None)
    if split is None:
        raise DataError(folder / "student.json", expected="a split of the benchmark", found=repr(trained["split"]))
    screening = screening_of(config, folder, print)
    return split if screening is None else screening.split(split)


def _model(
    args: argparse.Namespace, config: RunConfig, benchmark: Benchmark, about: dict[str, Any]
) -> tuple[Model, Sequence[str]]:
    """The model, and the entries that it is fed."""
    from xmodal import load_student
    from xmodal.engine.finished import fed, finished_model, phase_of, place_of
    from xmodal.engine.models import Factory
    from xmodal.engine.phases import phases

    if args.arm is None:
        return load_student(args.run), about["deploy"]
    phase = phase_of(phases(config), args.arm)
    seed, split = about["trained"]["seed"], about["trained"]["split"]
    place = place_of(args.run, seed, split, args.arm)
    model = finished_model(Factory(config, benchmark), phase, place, seed)
    return model, fed(config, phase, model)


def _scores(model: Model, split: Split, benchmark: Benchmark, keys: Sequence[str], skip: bool) -> Scores:
    from xmodal.engine.evaluate import evaluate, scores
    from xmodal.engine.fit import best_device

    answers = evaluate(model, split.test, benchmark, keys, device=best_device(), skip_missing=skip)
    return scores(benchmark, answers)


def _print_dropped(rows: list[tuple[tuple[str, ...], Scores]], model: Model, split: Split) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{len(split.test)} test samples of {split.name}", title_justify="left")
    for name in ("dropped", "fed"):
        table.add_column(name)
    columns = [(task, metric) for task, metrics in rows[0][1].items() for metric in metrics]
    for task, metric in columns:
        table.add_column(metric if len(rows[0][1]) == 1 else f"{task} {metric}", justify="right")
    for keys, scores in rows:
        dropped = [key for key in model.inputs if key not in keys]
        values = [scores.get(task, {}).get(metric) for task, metric in columns]
        shown = ["-" if value is None else f"{value:.4f}" for value in values]
        table.add_row(", ".join(dropped) or "nothing", ", ".join(keys), *shown)
    Console().print(table)
