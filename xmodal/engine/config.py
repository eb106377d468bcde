"""Reads a run's Python config file, applies `--set a.b=c`, and checks it against the fields of `RunConfig`."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from xmodal.engine.build import arguments, resolve
from xmodal.engine.run_config import RunConfig, plain
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError, DataError, unknown
from xmodal.files import read_json


def find(name: str) -> Path:
    """The config file of that path, or of that name among xmodal's own."""
    path = Path(name)
    if path.suffix == ".py" or path.exists():
        if not path.is_file():
            raise ConfigError(f"config {name}: no such file")
        return path
    own = Path(str(files("xmodal.configs") / f"{name}.py"))
    if not own.is_file():
        raise unknown("config", name, shipped())
    return own


def shipped() -> list[str]:
    """The names of xmodal's own configs."""
    folder = Path(str(files("xmodal.configs")))
    return sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")


def read(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a config file and apply overrides such as "schedule.steps=100"."""
    tree = _read_python(path)
    known = {f.name: f for f in fields(RunConfig)}
    for name in tree:
        if name not in known:
            raise unknown(f"key {name!r} in {path.name}; key", name, known)
    for text in overrides:
        _override(tree, text)
    missing = [n for n in ("benchmark", "student", "deploy") if n not in tree]
    if missing:
        raise ConfigError(f"{path.name}: missing {', '.join(missing)}")
    return RunConfig(**tree)


def docstring(path: Path) -> str:
    """The docstring of a config file, without running it."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def read_run(folder: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """The config of a run folder, with the overrides it was started with, then the given ones."""
    started = folder / "overrides.json"
    if not (folder / "config.py").is_file():
        raise ConfigError(f"{folder} is no run folder: it has no config.py")
    first = read_json(started) if started.is_file() else []
    if not isinstance(first, list) or not all(isinstance(text, str) for text in first):
        raise DataError(started, expected="a list of texts KEY=VALUE", found=f"{first!r:.80}")
    return read(folder / "config.py", [*first, *overrides])


def parse_assignments(texts: Sequence[str]) -> dict[str, Any]:
    """["root=PATH", "size=(64, 64)"] as a dict."""
    pairs = {}
    for text in texts:
        name, equals, raw = text.partition("=")
        if not equals or not name.isidentifier():
            raise ConfigError(f"--set {text!r}: expected NAME=VALUE")
        pairs[name] = _value(raw)
    return pairs


def _read_python(path: Path) -> dict[str, Any]:
    from mmengine.config import Config  # only the engine knows mmengine, and only when a config is read

    try:
        lazy = Config.fromfile(str(path), lazy_import=True)._to_lazy_dict()
    except SyntaxError as error:
        raise ConfigError(f"{path}: line {error.lineno}: {error.msg}") from error
    except Exception as error:
        reason = str(error) or "it computes something from an imported name; write dict(type=..., ...) instead"
        raise ConfigError(f"{path}: {type(error).__name__}: {reason}") from error
    return {name: _plain(value, f"{path.name}: {name}") for name, value in lazy.items() if not name.startswith("_")}


def _plain(node: Any, where: str) -> Any:
    """mmengine's lazy objects and dicts as classes and plain dicts."""
    if isinstance(node, Mapping):
        return {k: _plain(v, f"{where}.{k}") for k, v in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(_plain(v, where) for v in node)
    if type(node).__name__ in ("LazyObject", "LazyAttr"):
        try:
            return node.build()
        except Exception as error:
            raise ConfigError(f"{where}: {node} does not import: {error}") from error
    return node


def _override(tree: dict[str, Any], text: str) -> None:
    path, equals, raw = text.partition("=")
    if not equals or not path:
        raise ConfigError(f"--set {text!r}: expected KEY=VALUE, such as schedule.steps=100")
    *parents, last = path.split(".")
    node: Any = tree
    for depth, name in enumerate(parents):
        if depth == 0:
            _check_top(name)
            node = tree.setdefault(name, {})
            continue
        if not isinstance(node, Mapping) or name not in node:
            raise unknown(f"key {path!r}; key", name, node if isinstance(node, Mapping) else [])
        node = node[name]
    if not parents:
        _check_top(last)
    elif not isinstance(node, dict):
        raise ConfigError(f"--set {path}: {'.'.join(parents)} holds {node!r}, which has no keys")
    else:
        _check_key(node, path, parents, last)
    node[last] = _value(raw)


def _check_top(name: str) -> None:
    known = [f.name for f in fields(RunConfig)]
    if name not in known:
        raise unknown("config key", name, known)


def _check_key(node: Mapping[str, Any], path: str, parents: Sequence[str], last: str) -> None:
    if "type" in node:
        known = [*arguments(resolve(node["type"], ".".join(parents))), "type"]
    elif parents[-1] in ("schedule", "teacher_schedule"):
        known = list(inspect.signature(Schedule).parameters)
    else:
        known = [*node, last] if parents[-1] in ("teachers", "peers", "distillers", "weights") else list(node)
    if last not in known:
        raise unknown(f"key {path!r}; key", last, known)


def _value(raw: str) -> Any:
    try:
        return ast.literal_eval(raw)
    except (ValueError, SyntaxError):
        return raw  # a bare word is a string


def resolved_text(config: RunConfig) -> str:
    """The config with every override applied, as JSON; classes stand by name. Written for people to read."""
    return json.dumps({f.name: getattr(config, f.name) for f in fields(config)}, indent=2, default=plain)
