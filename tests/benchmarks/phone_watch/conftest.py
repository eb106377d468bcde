"""A made-up data set in the original format: three subjects, two executions each, whose clocks differ a little."""

from pathlib import Path

import numpy as np
import pytest

from xmodal.benchmarks.phone_watch.recording import ACTIVITIES, COLUMNS

SECONDS_EACH = 1.6
OFFSET_MS = {"sp": 0, "sw": 7}
RATE_HZ = {"sp": 90.0, "sw": 110.0}
START_MS = 1657533977813


def rows(subject: int, execution: int, short: str) -> list[list[object]]:
    """x_acc is the seconds since the phone's start, y_acc the activity's number plus the subject's."""
    random = np.random.default_rng(10 * subject + execution)
    times = np.arange(0, 1000 * SECONDS_EACH * len(ACTIVITIES), 1000 / RATE_HZ[short]) + OFFSET_MS[short]
    made = []
    for time in times.round():
        place = min(int(time / (1000 * SECONDS_EACH)), len(ACTIVITIES) - 1)
        values = [time / 1000, place + 0.1 * subject, *random.normal(size=4)]
        made.append([*values, START_MS + int(time), ACTIVITIES[place]])
    return made


def write(path: Path, table: list[list[object]], names=COLUMNS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(names), *(",".join(map(str, row)) for row in table)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def phone_root(tmp_path: Path) -> Path:
    root = tmp_path / "har"
    for subject in (1, 2, 3):
        for execution in (1, 2):
            for short in ("sp", "sw"):
                path = root / "DATA" / f"s0{subject}" / f"s0{subject}_0{execution}_{short}.csv"
                write(path, rows(subject, execution, short))
    (root / "DATA" / "executions_info.csv").write_text("execution_id\n")
    return root


@pytest.fixture
def put(phone_root: Path):
    """put(change, short="sw", names) rewrites a file of s02_01 with its changed rows and returns its path."""

    def rewrite(change, short: str = "sw", names=COLUMNS) -> Path:
        return write(phone_root / "DATA" / "s02" / f"s02_01_{short}.csv", change(rows(2, 1, short)), names)

    return rewrite
