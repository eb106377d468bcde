"""The progress bar and `metrics.jsonl`: every term, time left, and the share of the time spent waiting for data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xmodal.engine.curves import Curves
from xmodal.engine.fit import Report
from xmodal.files import write_text


class Log:
    """Writes `metrics.jsonl` in the run folder and draws one bar a phase.

    Args:
        folder: the run folder.
        console: where to draw; a console that is no terminal gets one line a phase.
        curves: also writes the numbers for TensorBoard, in the run folder's `tensorboard`.

    Raises:
        ConfigError: curves are wanted, and TensorBoard is not installed.
    """

    def __init__(self, folder: Path, console: Console, *, curves: bool = False) -> None:
        self.path, self.console = folder / "metrics.jsonl", console
        self.curves = Curves(folder / "tensorboard") if curves else None

    @contextmanager
    def phase(self, label: Mapping[str, Any], steps: int) -> Iterator[Report]:
        """A bar for one phase; yields the function that the loop calls with its numbers."""
        first = True
        title = f"seed {label['seed']} · {label['split']} · {label['arm']}"
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}"),
        )
        with Progress(*columns, console=self.console, transient=True, refresh_per_second=2) as progress:
            bar = progress.add_task(title, total=steps, numbers="")

            def report(step: int, numbers: Mapping[str, float], waiting: float) -> None:
                nonlocal first
                if first:
                    self._drop_from(label, step)
                    first = False
                row = {**label, "step": step, **{k: round(v, 6) for k, v in numbers.items()}, "data_wait": waiting}
                self._append(row)
                if self.curves:
                    self.curves.add(label, step, numbers)
                shown = " ".join(f"{k} {v:.3g}" for k, v in numbers.items() if k != "learning_rate")
                progress.update(bar, completed=step, numbers=f"{shown} · data {waiting:.0%}")

            yield report

    def left_out(self, fault: str) -> None:
        """A sample that cannot be read."""
        self.console.print(f"  left out: {fault}", highlight=False, markup=False, style="yellow")

    def finished(self, arm: str, headline: tuple[str, str], test: Mapping[str, Any], val: Mapping[str, Any]) -> None:
        task, metric = headline
        if not test:
            self.console.print(f"  {arm:<10} not scored: no test sample has its sensor", highlight=False)
            return
        on_val = f" (validation {val[task][metric]:.3f})" if val else ""
        self.console.print(f"  {arm:<10} {metric} {test[task][metric]:.3f}{on_val}", highlight=False)

    def _append(self, row: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _drop_from(self, label: Mapping[str, Any], step: int) -> None:
        """A phase that resumes writes its later steps anew."""
        if not self.path.is_file():
            return
        rows = [line for line in self.path.read_text(encoding="utf-8").splitlines() if line]
        keep = [line for line in rows if not _repeats(line, label, step)]
        if len(keep) < len(rows):
            write_text(self.path, "".join(f"{line}\n" for line in keep))


def _repeats(line: str, label: Mapping[str, Any], step: int) -> bool:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return True  # a line that was cut short when the run was killed
    return all(row.get(k) == v for k, v in label.items()) and row["step"] >= step
