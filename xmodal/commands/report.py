"""`xmodal report`: one self-contained HTML page of a run."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "xmodal report runs/lidar_to_rgb_street"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run folder")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from xmodal.files import read_json
    from xmodal.report.html import write_report
    from xmodal.report.table import print_tables

    print_tables(read_json(args.run / "result.json"), Console())
    print(write_report(args.run))
    return 0
