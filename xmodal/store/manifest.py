"""What a store was made from, in one sealed JSON file, and which of it differs from what is wanted."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from xmodal import __version__
from xmodal.errors import DataError
from xmodal.files import tensors_digest, write_text
from xmodal.store.batches import BATCH, Items

FORMAT = 2
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
) -> dict[str, Any]:
    """Everything that the outputs depend on, known before any of them is computed.

    Args:
        items: the records.
        kind: the teacher's node of the config, as text; transforms: those of what is recorded; data: the benchmark's.
    """
    return {
        "format": FORMAT,
        "xmodal": __version__.split(".")[0],
        "teacher": kind,
        "weights": tensors_digest(teacher.state_dict()),
        "code": code_digest([type(m) for m in teacher.modules()] + [type(t) for t in _inner(items.transforms)]),
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


def code_digest(classes: Iterable[type]) -> str:
    """Of the source files of classes outside torch: another version of a transform gives other pixels."""
    modules = {cls.__module__ for cls in classes if cls.__module__.split(".")[0] not in ("torch", "builtins")}
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(f"{name}\n{_source(name)}\n".encode())
    return digest.hexdigest()


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
