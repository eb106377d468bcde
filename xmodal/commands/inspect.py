"""`xmodal inspect`: draw one sample of a benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

EXAMPLE = "xmodal inspect kitti --set root=PATH/TO/kitti --sample 1 --out frame.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("benchmark", help="a benchmark's name (see `xmodal list benchmarks`)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an argument of the benchmark")
    parser.add_argument("--sample", type=int, default=0, help="its number (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("inspect.png"), help="the picture (default: inspect.png)")


def run(args: argparse.Namespace) -> int:
    from xmodal import plugins
    from xmodal.engine.build import build
    from xmodal.engine.config import parse_assignments
    from xmodal.engine.files import write_atomic
    from xmodal.errors import ConfigError
    from xmodal.report.inspect import inspect_picture

    cls = plugins.load(args.benchmark, "xmodal.benchmarks")
    data = build({"type": cls, **parse_assignments(args.set)}, args.benchmark)
    if not 0 <= args.sample < len(data):
        raise ConfigError(f"--sample {args.sample}: {args.benchmark} has samples 0 to {len(data) - 1}")
    if args.out.suffix.lower() not in (".png", ".jpg"):
        raise ConfigError(f"--out {args.out}: expected a name that ends in .png or .jpg")
    sample = data.sample(args.sample)
    own = getattr(data, "picture", None)  # a data set may know better how its field draws a sample
    image = own(sample) if own else inspect_picture(sample, _pictures())
    kind = "PNG" if args.out.suffix.lower() == ".png" else "JPEG"
    write_atomic(args.out, lambda part: image.save(part, format=kind))
    print(f"{sample.key}: {args.out}")
    return 0


def _pictures() -> dict[str, Any]:
    """By modality: the function that draws one of its entries."""
    from xmodal import plugins

    families = plugins.found("xmodal.modalities")
    return {name: plugins.load_point(point).picture for name, point in families.items() if "." not in name}
