"""`xmodal cache`: compute teachers' outputs once and keep them; or check every byte of what was kept."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from xmodal.store.encodings import Form
    from xmodal.store.planning import Plan
    from xmodal.store.records import Part

EXAMPLE = "xmodal cache audio_to_image_digits --form float16 --top outputs.digit=5"

NO_VIEWS = "; each sample once: no transform reaches what this teacher sees, so schedule.views changes nothing for it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="?", help="a config's name or the path of a .py file")
    parser.add_argument("--out", type=Path, help="run folder of the teachers (default: runs/CONFIG)")
    parser.add_argument("--store", type=Path, help="folder of the stores (default: OUT/store)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a value of the config")
    parser.add_argument("--seeds", type=int, nargs="+", help="one store for each seed")
    parser.add_argument(
        "--form",
        action="append",
        default=[],
        metavar="[PART=]KIND",
        help="keep PART (tokens, outputs.digit, ...; all without it) as float32, float16, bfloat16 or int8, or "
        "not at all (layers.0=none); default: as the teacher returns it",
    )
    parser.add_argument("--pca", action="append", default=[], metavar="PART=K", help="keep K principal channels")
    parser.add_argument("--top", action="append", default=[], metavar="PART=K", help="keep the K largest logits")
    parser.add_argument("--verify", type=Path, metavar="FOLDER", help="check every byte of the stores in a folder")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from xmodal.errors import ConfigError

    console = Console()
    if args.verify:
        if args.config:
            raise ConfigError(f"--verify checks what lies in a folder: leave out {args.config!r}")
        return _verify(args.verify, console)
    if not args.config:
        raise ConfigError("expected a config, or --verify FOLDER")
    return _write(args, console)


def _write(args: argparse.Namespace, console: Console) -> int:
    from rich.progress import Progress

    from xmodal.engine.caching import train_teachers, write_stores
    from xmodal.engine.config import find, read
    from xmodal.engine.log import Log
    from xmodal.engine.run import Run
    from xmodal.files import alone

    source = find(args.config)
    overrides = [*args.set, *([f"seeds={tuple(args.seeds)!r}"] if args.seeds else [])]
    folder = args.out or Path("runs") / source.stem
    stores = args.store or folder / "store"
    forms = forms_of(args.form, args.pca, args.top)
    config = read(source, overrides)
    with alone(folder):
        run = Run(folder, config, source, Log(folder, console), overrides=overrides, resume=True, store=stores)
        train_teachers(run, forms)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("records", total=None)

        def planned(place: Path, plan: Plan, count: int) -> None:
            _tell(place, plan, count, console)

        stored = write_stores(
            run, forms, planned, lambda done, count: progress.update(bar, completed=done, total=count)
        )
    for store in stored:
        size = sum(path.stat().st_size for path in store.folder.iterdir())
        seen = "" if store.augmented or not config.schedule.get("views") else NO_VIEWS
        console.print(f"{store.folder}: {size / 1e6:,.1f} MB{seen}", highlight=False, soft_wrap=True)
    again = [word for text in args.set for word in ("--set", text)]
    again += ["--seeds", *map(str, args.seeds)] if args.seeds else []
    command = ["xmodal", "train", args.config, *again, "--out", str(folder), "--store", str(stores), "--resume"]
    console.print(shlex.join(command), highlight=False, soft_wrap=True)
    return 0


def forms_of(kinds: Sequence[str], pcas: Sequence[str], tops: Sequence[str]) -> dict[str, Form]:
    """By part: its form, from the command line.

    Raises:
        ConfigError: a text is none of PART=KIND, PART=K; a part is given two kinds or numbers.
    """
    from xmodal.errors import ConfigError
    from xmodal.store.encodings import Form
    from xmodal.store.planning import nearest

    kind_of: dict[str, str] = {}
    for text in kinds:
        part, _, kind = text.rpartition("=")
        if kind_of.setdefault(part, kind) != kind:
            raise ConfigError(f"--form {text!r}: {part or 'all'} was to be {kind_of[part]} before")
    numbers: dict[str, dict[str, int]] = {"pca": {}, "top": {}}
    for option, texts in (("pca", pcas), ("top", tops)):
        for text in texts:
            part, equals, number = text.partition("=")
            if not equals or not (number.isascii() and number.isdigit()) or int(number) < 1:
                raise ConfigError(f"--{option} {text!r}: expected PART=K, such as tokens=64")
            if numbers[option].setdefault(part, int(number)) != int(number):
                raise ConfigError(f"--{option} {text!r}: {part} was to keep {numbers[option][part]} before")
    parts = dict.fromkeys([*kind_of, *numbers["pca"], *numbers["top"]])
    return {
        part: Form(
            kind_of.get(nearest(part, kind_of), "same"), numbers["pca"].get(part, 0), numbers["top"].get(part, 0)
        )
        for part in parts
    }


def _tell(place: Path, plan: Plan, count: int, console: Console) -> None:
    """How large the store will be, and what its forms cost, before it is written."""
    size = f"about {plan.record_bytes * count / 1e6:,.1f} MB"
    told = f"{place}: {count:,} records of {plan.record_bytes:,} bytes, {size}"
    console.print(told, highlight=False, soft_wrap=True)
    for part in plan.records.parts:
        kept = "as it is" if part.form is None else part.form.text()
        console.print(f"  {part.name} {list(part.shape)}: {kept}{_cost(plan, part)}", highlight=False, soft_wrap=True)


def _cost(plan: Plan, part: Part) -> str:
    """What a form leaves out of a part."""
    if part.name not in plan.error:
        return ""
    assert part.form is not None
    what = "probability of the others" if part.form.top else "error"
    fitted = " in the batches that the PCA was fitted to" if part.form.pca else ""
    return f", {what} {max(0.0, plan.error[part.name]):.2%}{fitted}"


def _verify(folder: Path, console: Console) -> int:
    from xmodal.errors import DataError
    from xmodal.store.manifest import MANIFEST, PLAN
    from xmodal.store.verify import faults

    stores = sorted({path.parent for pattern in ("shard-*", PLAN, MANIFEST) for path in folder.rglob(pattern)})
    if not stores:
        raise DataError(folder, expected="a folder with teacher stores", found="none")
    bad = 0
    for store in stores:
        found = faults(store)
        bad += len(found)
        for fault in found:
            console.print(fault, highlight=False, markup=False, soft_wrap=True)
        if not found:
            console.print(f"{store}: sound", highlight=False, soft_wrap=True)
    if bad:
        raise DataError(folder, expected="sound stores", found=f"{bad} faults")
    return 0
