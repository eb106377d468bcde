"""The report's account of what was trained: models, losses, data, versions, and the config itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xmodal.engine.config import docstring
from xmodal.engine.schedule import Schedule
from xmodal.report.markup import Html, element, text
from xmodal.report.numbers import duration
from xmodal.report.summary import Summary


def about(folder: Path) -> str:
    """The docstring of the run's config, a line a paragraph, or nothing."""
    try:
        said = docstring(folder / "config.py")
    except (OSError, ValueError, SyntaxError):
        return ""
    # The page breaks lines by itself; indented ones are commands and stay.
    return re.sub(r"(?<=[^\n])\n(?=[^\s])", " ", said)


def recipe_section(folder: Path, summary: Summary) -> tuple[Html, list[str]]:
    """The section, and notes in words on files that are missing or damaged."""
    config, notes = _config(folder / "config.json")
    rows: list[tuple[str, Html]] = [("benchmark", _code(config.get("benchmark", summary.benchmark)))]
    rows += [(name, _code(config[name])) for name in ("student",) if name in config]
    for name in ("teachers", "distillers"):
        nodes = config.get(name)
        if isinstance(nodes, Mapping) and nodes:
            rows.append((name, _several(nodes)))
    if "deploy" in config:
        rows.append(("deploy", text("at test time the student reads " + ", ".join(map(str, _list(config["deploy"]))))))
    rows += _training(config)
    rows.append(("seeds", text(", ".join(map(str, summary.seeds)) or "none complete")))
    rows.append(("training time", text(duration(summary.seconds))))
    rows.append(("versions", text(", ".join(f"{name} {v}" for name, v in summary.versions.items()))))
    changed, more = _overrides(folder / "overrides.json")
    if changed:
        rows.append(("changed by --set", _code_list(changed)))
    listed = [part for name, value in rows for part in (element("dt", text(name)), element("dd", value))]
    source, missing = _source(folder / "config.py")
    section = element("section", element("h2", text("What was trained")), element("dl", *listed), source)
    return section, [*notes, *more, *missing]


def _training(config: Mapping[str, Any]) -> list[tuple[str, Html]]:
    rows = []
    for name, label in (("schedule", "labels and steps"), ("teacher_schedule", "of the teachers")):
        given = config.get(name)
        if isinstance(given, Mapping) and (given or name == "schedule"):
            full = asdict(Schedule()) | dict(config.get("schedule") or {}) | dict(given)  # teachers take its values too
            said = f"{full['steps']} steps, each of {full['labelled']} labelled samples"
            if name == "schedule":
                said += f" and, for arms with a teacher, {full['paired']} more without labels"
            rows.append((label, text(f"{said}; learning rate {full['learning_rate']}")))
    return rows


def _several(nodes: Mapping[str, Any]) -> Html:
    return Html("".join(element("div", text(f"{name}: "), _code(node)) for name, node in nodes.items()))


def _code(node: Any) -> Html:
    return element("code", text(call(node)))


def _code_list(items: Sequence[str]) -> Html:
    return Html(", ".join(element("code", text(item)) for item in items))


def call(node: Any) -> str:
    """A config node as the call it stands for: `TimmImage(name='convnext_atto')`."""
    if isinstance(node, Mapping):
        inner = ", ".join(f"{k}={call(v)}" for k, v in node.items() if k != "type")
        return f"{_short(str(node['type']))}({inner})" if "type" in node else f"{{{inner}}}"
    if isinstance(node, list):
        return f"[{', '.join(call(v) for v in node)}]"
    return repr(node) if isinstance(node, str) else str(node)


def _short(kind: str) -> str:
    """A class without its module; the name of an entry point, which may hold dots, whole."""
    last = kind.rsplit(".", 1)[-1]
    return last if last[:1].isupper() else kind


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _config(path: Path) -> tuple[dict[str, Any], list[str]]:
    found, notes = _json(path)
    if found is not None and not isinstance(found, dict):
        return {}, [f"{path.name} does not hold a config."]
    return found or {}, notes


def _overrides(path: Path) -> tuple[list[str], list[str]]:
    found, _ = _json(path)
    return ([str(item) for item in found], []) if isinstance(found, list) else ([], [])


def _json(path: Path) -> tuple[Any, list[str]]:
    try:
        return json.loads(path.read_text(encoding="utf-8")), []
    except FileNotFoundError:
        return None, [f"{path.name} is missing: how the models were built is not shown."]
    except (OSError, ValueError) as error:
        return None, [f"{path.name} cannot be read ({error})."]


def _source(path: Path) -> tuple[Html, list[str]]:
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Html(""), [f"{path.name} is missing: the config is not shown."]
    except (OSError, ValueError) as error:
        return Html(""), [f"{path.name} cannot be read ({error})."]
    summary = element("summary", text("The config file"))
    return element("details", summary, element("pre", element("code", text(source)))), []
