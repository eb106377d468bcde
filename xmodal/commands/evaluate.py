"""`xmodal evaluate`: rebuild the finished student and score it on the test samples, fed its deploy entries only."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

EXAMPLE = "xmodal evaluate runs/lidar_to_rgb_street"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run folder with student.safetensors and student.json")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the config")
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    from xmodal import load_student
    from xmodal.engine.build import build
    from xmodal.engine.config import read_run
    from xmodal.engine.evaluate import evaluate, scores
    from xmodal.engine.files import read_json
    from xmodal.engine.fit import best_device
    from xmodal.errors import DataError

    model = load_student(args.run)
    about = read_json(args.run / "student.json")
    config = read_run(args.run, args.set)
    benchmark = build(config.benchmark, "benchmark")
    trained = about["trained"]
    split = next((s for s in benchmark.splits(trained["seed"]) if s.name == trained["split"]), None)
    if split is None:
        raise DataError(args.run / "student.json", expected="a split of the benchmark", found=repr(trained["split"]))
    found = scores(benchmark, evaluate(model, split.test, benchmark, about["deploy"], device=best_device()))
    if args.json:
        print(json.dumps({"run": str(args.run), "split": split.name, "samples": len(split.test), "scores": found}))
        return 0
    print(f"{len(split.test)} test samples of {split.name}, fed {', '.join(about['deploy'])}")
    for task, metrics in found.items():
        for name, value in metrics.items():
            print(f"  {task} {name:<24} {value:.4f}")
    return 0
