"""`xmodal inspect`: draw one sample of a benchmark, or one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from xmodal.data.sample import Sample

EXAMPLE = "xmodal inspect kitti --set root=PATH/TO/kitti --sample 1 --out frame.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", help="a benchmark's name (see `xmodal list benchmarks`), or a file (then --as)")
    parser.add_argument("--as", dest="modality", help="the modality that reads and draws the file (event, volume, ...)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an argument of the benchmark")
    parser.add_argument("--sample", type=int, default=0, help="its number (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("inspect.png"), help="the picture (default: inspect.png)")


def run(args: argparse.Namespace) -> int:
    from xmodal.errors import ConfigError
    from xmodal.files import write_atomic

    if args.out.suffix.lower() not in (".png", ".jpg"):
        raise ConfigError(f"--out {args.out}: expected a name that ends in .png or .jpg")
    sample, image = _file(args) if args.modality or Path(args.what).is_file() else _of_benchmark(args)
    kind = "PNG" if args.out.suffix.lower() == ".png" else "JPEG"
    write_atomic(args.out, lambda part: image.save(part, format=kind))
    print(f"{sample.key}: {args.out}")
    return 0


def _of_benchmark(args: argparse.Namespace) -> tuple[Sample, Image.Image]:
    from xmodal import plugins
    from xmodal.engine.build import build
    from xmodal.engine.config import parse_assignments
    from xmodal.errors import ConfigError
    from xmodal.report.inspect import inspect_picture

    cls = plugins.load(args.what, "xmodal.benchmarks")
    data = build({"type": cls, **parse_assignments(args.set)}, args.what)
    if not 0 <= args.sample < len(data):
        raise ConfigError(f"--sample {args.sample}: {args.what} has samples 0 to {len(data) - 1}")
    sample = data.sample(args.sample)
    own = getattr(data, "picture", None)  # a data set may know better how its field draws a sample
    return sample, own(sample) if own else inspect_picture(sample, _pictures())


def _file(args: argparse.Namespace) -> tuple[Sample, Image.Image]:
    from xmodal import plugins
    from xmodal.data.sample import Sample
    from xmodal.errors import ConfigError, unknown
    from xmodal.report.inspect import inspect_picture

    known = _pictures()
    if args.modality is None:
        raise ConfigError(f"{args.what} is a file: say with --as which modality reads it ({', '.join(sorted(known))})")
    if args.modality not in known:
        raise unknown("modality", args.modality, known)
    path = Path(args.what)
    if not path.is_file():
        raise ConfigError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")
    if args.set or args.sample:
        raise ConfigError("--set and --sample are for benchmarks; with --as a file is drawn as its reader reads it")
    adapter = plugins.load(args.modality, "xmodal.modalities")
    try:
        entry = adapter.read(path)
    except NotImplementedError:
        raise ConfigError(f"--as {args.modality}: this modality reads no files") from None
    sample = Sample(path.name, {args.modality: entry})
    return sample, inspect_picture(sample, known)


def _pictures() -> dict[str, Any]:
    """By modality: the function that draws one of its entries."""
    from xmodal import plugins

    families = plugins.found("xmodal.modalities")
    return {name: plugins.load_point(point).picture for name, point in families.items() if "." not in name}
