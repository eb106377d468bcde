"""The command line: `xmodal VERB`. Exit code 0 good, 2 the user's mistake in one line, 1 a fault of ours."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from xmodal import __version__
from xmodal.errors import XmodalError

VERBS = {
    "list": "modalities, benchmarks, losses, distillers, balances, tasks, configs, papers: what there is",
    "doctor": "what is installed, and whether each adapter keeps its contract",
    "train": "train every arm of a config and print the table",
    "cache": "compute teachers' outputs once and keep them, or check what was kept",
    "evaluate": "score a finished student on its benchmark's test samples",
    "bench": "measure published systems and write the table",
    "inspect": "draw one sample: entries, links, labels",
    "new-modality": "write a package for a new sensor, ready to install and test",
    "report": "write report.html of a finished run",
}


def parser() -> argparse.ArgumentParser:
    """The whole command line; each verb adds its own arguments."""
    top = argparse.ArgumentParser(prog="xmodal", description="Train a one-sensor student from teachers that had more.")
    top.add_argument("--version", action="version", version=f"xmodal {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in VERBS.items():
        module = importlib.import_module(f"xmodal.commands.{verb.replace('-', '_')}")
        sub = verbs.add_parser(
            verb,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"example: {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
        sub.set_defaults(command=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the console script's entry."""
    args = parser().parse_args(argv)
    try:
        code: int = args.command(args)
        sys.stdout.flush()
    except XmodalError as error:
        print(f"xmodal: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read our output has seen enough (| head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        hint = "; the same command with --resume goes on" if args.verb == "train" else ""
        print(f"xmodal: stopped{hint}", file=sys.stderr)
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
