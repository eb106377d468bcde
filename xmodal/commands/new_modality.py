"""`xmodal new-modality`: a package of its own for a new sensor, ready to install and test."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "xmodal new-modality thermal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="lower-case name of the modality and of its entries, such as 'thermal'")
    parser.add_argument("--out", type=Path, help="folder to write (default: xmodal-NAME)")


def run(args: argparse.Namespace) -> int:
    from xmodal.scaffold import new_modality

    folder = new_modality(args.name, args.out)
    print(f"wrote {folder}; now: pip install -e {folder} && pytest {folder}")
    return 0
