"""Builds objects from config nodes: `dict(type=..., key=value)` becomes `type(key=value)`, checked and nothing more."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from xmodal import plugins
from xmodal.errors import ConfigError, XmodalError, unknown


def build(node: Any, where: str) -> Any:
    """Build a node and all nodes inside it.

    Args:
        node: a value, list, tuple or dict; a dict with "type" names a class.
        where: the path of the node in the config, for errors ("teachers.lidar").

    Raises:
        ConfigError: unknown type or argument, or arguments that the class refuses.
    """
    if isinstance(node, Mapping):
        inner = {k: build(v, f"{where}.{k}") for k, v in node.items() if k != "type"}
        return _call(resolve(node["type"], where), inner, where) if "type" in node else inner
    if isinstance(node, (list, tuple)):
        return type(node)(build(v, f"{where}[{i}]") for i, v in enumerate(node))
    return node


def resolve(kind: Any, where: str) -> type:
    """The class of a node: itself, or the entry point of that name. Import paths in strings are refused."""
    if isinstance(kind, type):
        return kind
    if isinstance(kind, str):
        return plugins.load(kind)  # type: ignore[no-any-return]
    raise ConfigError(f"{where}.type: expected a class or the name of an entry point, found {kind!r}")


def arguments(cls: type) -> dict[str, inspect.Parameter]:
    """The constructor's named arguments."""
    return {
        name: p
        for name, p in inspect.signature(cls).parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }


def _call(cls: type, given: Mapping[str, Any], where: str) -> Any:
    known = arguments(cls)
    for name in given:
        if name not in known:
            raise unknown(f"key {where}.{name} of {cls.__name__}; key", name, known)
    missing = [n for n, p in known.items() if p.default is p.empty and n not in given]
    if missing:
        raise ConfigError(f"{where}: {cls.__name__} needs {', '.join(missing)}")
    try:
        return cls(**given)
    except XmodalError:
        raise
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        raise ConfigError(f"{where}: {cls.__name__}: {error}") from error
