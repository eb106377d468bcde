"""The finished student, alone: `student.safetensors` and `student.json`, enough to rebuild it without the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from xmodal import plugins
from xmodal.adapter import Model
from xmodal.engine.build import arguments, build, resolve
from xmodal.errors import DataError
from xmodal.files import load_weights, read_json, read_tensors, write_json, write_tensors
from xmodal.tasks import Task

FORMAT = 1


def save_student(
    folder: Path,
    model: Model,
    node: Mapping[str, Any],
    tasks: Mapping[str, Task],
    deploy: Sequence[str],
    trained: Mapping[str, Any],
) -> None:
    """Write both files. `node` is the config of the adapter; `trained` says on what (seed, split, arm)."""
    weights = folder / "student.safetensors"
    write_tensors(weights, model.state_dict())
    description = {
        "format": FORMAT,
        "student": describe_student(node),
        "tasks": {name: describe_task(task) for name, task in tasks.items()},
        "deploy": list(deploy),
        "trained": dict(trained),
        "torch": torch.__version__,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    write_json(folder / "student.json", {**description, "checksum": _checksum(description)})


def load_student(folder: str | Path) -> Model:
    """Rebuild a finished student, in eval mode, from its two files.

    Raises:
        DataError: a file is missing, damaged, or belongs to another model.
    """
    folder = Path(folder)
    description = read_json(folder / "student.json")
    _check_description(folder / "student.json", description)
    try:
        node, tasks, expected = description["student"], description["tasks"], description["sha256"]
    except (KeyError, TypeError) as error:
        wanted = "the fields student, tasks, sha256"
        raise DataError(folder / "student.json", expected=wanted, found=f"no {error}") from error
    if description.get("format") != FORMAT:
        wanted, there = f"format {FORMAT}", description.get("format")
        raise DataError(folder / "student.json", expected=wanted, found=f"format {there}, of another version")
    weights = folder / "student.safetensors"
    tensors = read_tensors(weights)
    if hashlib.sha256(weights.read_bytes()).hexdigest() != expected:
        raise DataError(weights, expected=f"sha256 {expected[:12]}... as student.json says", found="other content")
    try:
        adapter = build(_revived(node), "student")
        model = Model(adapter, {name: build(_revived(t), f"tasks.{name}") for name, t in tasks.items()})
    except (KeyError, TypeError, AttributeError) as error:
        wanted = "a model as save_student describes it"
        raise DataError(folder / "student.json", expected=wanted, found=f"a damaged description ({error!r})") from error
    load_weights(model, tensors, weights)
    return model.eval()


def _checksum(description: Mapping[str, Any]) -> str:
    """Of all fields but the checksum itself."""
    fields = {name: value for name, value in description.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _check_description(path: Path, description: Any) -> None:
    """Before anything is built by it: a damaged width could ask for all memory there is."""
    if not isinstance(description, Mapping):
        raise DataError(path, expected="the description of a student", found=f"a JSON {type(description).__name__}")
    if description.get("checksum") != _checksum(description):
        found = f"fields that were changed ({', '.join(map(repr, description))})"[:200]
        raise DataError(path, expected="fields that give the checksum beside them", found=found)


def describe_student(node: Mapping[str, Any]) -> dict[str, Any]:
    """The adapter's node as student.json holds it: classes as entry points, without the source of first weights."""
    left_out = getattr(resolve(node["type"], "student"), "initial", ())
    described: dict[str, Any] = _described({k: v for k, v in node.items() if k not in left_out})
    return described


def _described(node: Any) -> Any:
    """A config node with classes written as entry points."""
    if isinstance(node, Mapping):
        plain = {k: _described(v) for k, v in node.items() if k != "type"}
        if "type" not in node:
            return plain
        return {"type": asdict(plugins.describe(resolve(node["type"], "student"))), **plain}
    return [_described(v) for v in node] if isinstance(node, (list, tuple)) else node


def _revived(node: Any) -> Any:
    """The inverse of `_described`; lists stand for the tuples that JSON cannot hold."""
    if isinstance(node, Mapping):
        plain = {k: _revived(v) for k, v in node.items() if k != "type"}
        if "type" not in node:
            return plain
        return {"type": plugins.load(node["type"]["name"], node["type"]["group"]), **plain}
    return tuple(_revived(v) for v in node) if isinstance(node, list) else node


def describe_task(task: Task) -> dict[str, Any]:
    """A task by its entry point and constructor arguments, which tasks keep under their own names."""
    return {
        "type": asdict(plugins.describe(type(task))),
        **{name: _described(getattr(task, name)) for name in arguments(type(task))},
    }
