"""What a store was made from, in one sealed JSON file, and which of it differs from what is wanted."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from xmodal import __version__
from xmodal.adapter import Adapter
from xmodal.errors import DataError
from xmodal.files import tensors_digest, write_text
from xmodal.store.batches import BATCH, Items

FORMAT = 3
MANIFEST, PLAN = "manifest.json", "plan.json"
MEANING = {
    "format": "the layout of the files",
    "xmodal": "the major version of xmodal",
    "teacher": "the teacher's class or arguments",
    "weights": "the teacher's weights",
    "code": "the code of the teacher, its reader or the transforms",
    "transforms": "the transforms",
    "data": "the benchmark or its settings",
    "samples": "the set of samples",
    "views": "the number of recorded augmentations",
    "precision": "the precision that the teacher runs in",
    "need": "what is asked of the teacher",
    "batch": "the batches of the teacher",
}
"""What a description is made of, in the order in which differences are told."""


def described(
    teacher: nn.Module,
    items: Items,
    *,
    kind: str = "",
    transforms: str = "",
    data: str = "",
    precision: str = "fp32",
    need: str = "",
    source: Iterable[type] = (),
) -> dict[str, Any]:
    """Everything that the outputs depend on, known before any of them is computed.

    What lies in the files that samples are read from is not looked at: their keys are.

    Args:
        items: the records.
        kind: the teacher's node of the config, as text; transforms: those of what is recorded; data: the benchmark's.
        source: the benchmark's class, where there is one.
    """
    own: list[type] = [type(m) for m in teacher.modules() if isinstance(m, Adapter)]
    own += [*(type(t) for t in _inner(items.transforms)), type(items.samples), *source]
    return {
        "format": FORMAT,
        "xmodal": __version__.split(".")[0],
        "teacher": kind,
        "weights": tensors_digest(teacher.state_dict()),
        "code": code_digest([type(m) for m in teacher.modules()], own),
        "transforms": transforms,
        "data": data,
        "samples": {"count": len(items.keys), "sha256": keys_digest(items.keys)},
        "views": items.views,
        "precision": precision,
        "need": need,
        "batch": BATCH,
    }


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """In words, what a store was made from that is not what is wanted now."""
    return [MEANING[name] for name in MEANING if name in wanted and found.get(name) != wanted[name]]


def code_digest(classes: Iterable[type], own: Iterable[type] = ()) -> str:
    """Of the source files of classes outside torch: another version of a transform gives other pixels.

    Args:
        own: classes whose modules count together with all that they take from their own package: readers, front ends.
            Of xmodal itself those are modalities and benchmarks; its core is told by its version.
    """
    modules = {cls.__module__ for cls in (*classes, *own)}
    modules |= _reached(cls.__module__ for cls in own)
    digest = hashlib.sha256()
    for name in sorted(name for name in modules if name.split(".")[0] not in ("torch", "builtins")):
        digest.update(f"{name}\n{_source(name)}\n".encode())
    return digest.hexdigest()


def _reached(names: Iterable[str]) -> set[str]:
    """These modules, and those of their packages that they take functions, classes or modules from."""
    waiting, found = [name for name in names if _package(name)], set[str]()
    packages = {_package(name) for name in waiting}
    while waiting:
        name = waiting.pop()
        if name in found or name not in sys.modules:
            continue
        found.add(name)
        for value in vars(sys.modules[name]).values():
            # Not the modules of a package itself: which of them hang there depends on what else was imported.
            inner = isinstance(value, ModuleType) and value.__name__.startswith(f"{name}.")
            other = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if not inner and isinstance(other, str) and _package(other) in packages:
                waiting.append(other)
    return found


def _package(module: str) -> str:
    """What a module is followed within; "" for the core of xmodal, torch and Python's own."""
    first, _, rest = module.partition(".")
    if first != "xmodal":
        return "" if first in ("torch", "builtins") else first
    part = rest.partition(".")[0]
    return "xmodal" if part in ("modalities", "benchmarks") else ""


def _source(name: str) -> str:
    try:
        return inspect.getsource(sys.modules[name])
    except (OSError, TypeError, KeyError):  # typed in by hand, or compiled
        return ""


def _inner(transforms: Iterable[Any]) -> list[Any]:
    """Transforms, and those that they hold."""
    found = []
    for transform in transforms:
        found += [transform, *_inner(getattr(transform, "transforms", ()))]
    return found


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def keys_digest(keys: Sequence[str]) -> str:
    """Of the keys in their order."""
    return text_digest(json.dumps(list(keys)))


def file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """JSON with the sha256 of its own text."""
    text = _canonical(content)
    write_text(path, json.dumps({"sha256": text_digest(text)})[:-1] + f', "content": {text}}}\n')


def read_sealed(path: Path) -> dict[str, Any]:
    """What `write_sealed` wrote.

    Raises:
        DataError: it is missing, or any of its bytes is another one.
    """
    if not path.is_file():
        raise DataError(path, expected="a file of a teacher store", found="no such file")
    raw = path.read_bytes()
    try:
        content: dict[str, Any] = json.loads(raw)["content"]
        text = _canonical(content)
        whole = json.dumps({"sha256": text_digest(text)})[:-1] + f', "content": {text}}}\n'
        intact = raw == whole.encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        intact = False
    if not intact:
        raise DataError(path, expected="JSON with its sha256", found="a file that is damaged")
    return content


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True)
