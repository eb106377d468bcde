"""The re-implementations of published systems in `configs/papers`, and what was measured with them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from xmodal import __version__
from xmodal.engine.config import docstring, find, read, resolved_text
from xmodal.engine.run_config import RunConfig
from xmodal.errors import ConfigError, DataError, unknown
from xmodal.files import read_json, write_json
from xmodal.provenance import GRADES

ARMS = ("teacher", "student", "distilled")
FIELDS = ("system", "sensors", "evidence", "without", "reads")


@dataclass(frozen=True, slots=True)
class Paper:
    """What a config says of the system that it stands for: its field `paper`.

    Attributes:
        name: of the config.
        system: as its authors call it.
        sensors: what the student reads and what it learned from, "LiDAR -> RGB".
        evidence: how well the mechanism is known (`xmodal.provenance.GRADES`).
        without: overrides, as of `--set`, that switch the mechanism off and leave everything else.
        reads: by a path into `Frame`, the tensor of a teacher, peer or of the student that the mechanism reads.
        summary: the first line of the config's docstring.
    """

    name: str
    system: str
    sensors: str
    evidence: str
    without: tuple[str, ...]
    reads: str
    summary: str

    @property
    def config(self) -> str:
        """The name that `xmodal train` takes."""
        return f"papers/{self.name}"


def names() -> list[str]:
    """Of all configs in `configs/papers`."""
    folder = Path(str(files("xmodal.configs") / "papers"))
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def paper_of(name: str) -> Paper:
    """The description of one system.

    Raises:
        ConfigError: there is no such config, or its field `paper` lacks something.
    """
    if name not in names():
        raise unknown("paper", name, names())
    path = find(f"papers/{name}")
    about = read(path).paper
    for field in FIELDS:
        if not about.get(field):
            raise ConfigError(f"{path.name}: paper: expected {', '.join(FIELDS)}, found no {field!r}")
    if str(about["evidence"]).split()[0].rstrip(";,") not in GRADES:
        raise unknown(f"evidence of {path.name}; evidence", about["evidence"], GRADES)
    texts = {field: str(about[field]) for field in FIELDS if field != "without"}
    return Paper(name, **texts, without=tuple(about["without"]), summary=docstring(path).split("\n")[0])


def configured(name: str, overrides: Sequence[str] = ()) -> RunConfig:
    """The run of one system: teacher, student alone, distilled."""
    config = read(find(f"papers/{name}"), overrides)
    return replace(config, arms=tuple(arm for arm in ARMS if config.teachers or arm != "teacher"))


def digest(config: RunConfig) -> str:
    """Of all that the numbers depend on: not of where data lie, the seeds, how a teacher is run, what is said."""
    fields = json.loads(resolved_text(config))
    for field in ("paper", "seeds", "arms", "teacher_memory", "compile_teachers"):
        fields.pop(field)
    fields["benchmark"].pop("root", None)
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def record_file() -> Path:
    """Where the figures that are shipped lie."""
    return Path(str(files("xmodal.configs") / "papers" / "measured.json"))


def measured(path: Path) -> dict[str, dict[str, Any]]:
    """By name: what was measured; nothing where the file is absent."""
    if not path.is_file():
        return {}
    rows = read_json(path)
    if not isinstance(rows, dict) or not all(isinstance(row, dict) and "arms" in row for row in rows.values()):
        raise DataError(path, expected="rows with the field 'arms', by name", found=f"{rows!r:.80}")
    return rows


def record(path: Path, name: str, config: RunConfig, result: Mapping[str, Any]) -> dict[str, Any]:
    """Add one row to the file; returns it."""
    row = {
        "commit": commit(),
        "digest": digest(config),
        "benchmark": result["benchmark"],
        "metric": result["metric"],
        "greater_is_better": result["greater_is_better"],
        "seeds": result["seeds"],
        "arms": {arm: result["arms"][arm] for arm in ARMS if arm in result["arms"]},
        "seconds": _seconds_a_seed(result),
    }
    return _kept(path, name, row)


def row_of(path: Path, name: str, config: RunConfig) -> dict[str, Any]:
    """What was measured with this config.

    Raises:
        ConfigError: the row is absent or of another config.
    """
    row = measured(path).get(name, {})
    if row.get("digest") != digest(config):
        raise ConfigError(f"{path}: {name}: expected figures of this config, found none; measure it first")
    return row


def retime(path: Path, name: str, config: RunConfig, result: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the seconds of a row, measured beside other work, by those of a run that had the machine for itself.

    Raises:
        ConfigError: the row is absent or of another config.
    """
    return _kept(path, name, {**row_of(path, name, config), "seconds": _seconds_a_seed(result)})


def _seconds_a_seed(result: Mapping[str, Any]) -> float:
    return round(float(result["seconds_by_arm"]["distilled"]) / max(1, len(result["seeds"])), 1)


def _kept(path: Path, name: str, row: dict[str, Any]) -> dict[str, Any]:
    write_json(path, dict(sorted({**measured(path), name: row}.items())))
    return row


def commit() -> str:
    """The commit of the checkout that xmodal runs from, "+" behind it where files differ; else the version."""
    folder = Path(__file__).resolve().parent
    try:
        short = ["git", "-C", str(folder), "describe", "--always", "--exclude=*", "--dirty=+"]
        return subprocess.run(short, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return f"version {__version__}"
