"""Reads fields of a JSON document; a DataError names the one that is missing or of the wrong kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xmodal.errors import DataError


def wrong(name: str, expected: str, found: Any) -> DataError:
    """The error for a field of the wrong kind; it quotes what is there."""
    shown = repr(found)
    return DataError(f"result.json: {name}", expected=expected, found=shown if len(shown) < 60 else shown[:57] + "...")


def field(parent: Mapping[str, Any], name: str, where: str = "") -> Any:
    """The value of a field that must be there."""
    if name not in parent:
        path = f"{where}.{name}" if where else name
        raise DataError(f"result.json: {path}", expected="the field", found=f"only {', '.join(parent) or 'no field'}")
    return parent[name]


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(where, "an object", value)
    return value


def text(parent: Mapping[str, Any], name: str) -> str:
    value = field(parent, name)
    if not isinstance(value, str):
        raise wrong(name, "a string", value)
    return value


def flag(parent: Mapping[str, Any], name: str) -> bool:
    value = field(parent, name)
    if not isinstance(value, bool):
        raise wrong(name, "true or false", value)
    return value


def numbers(value: Any, where: str, count: int | None = None) -> list[float]:
    """A list of numbers, `count` of them where that is known. NaN counts as one."""
    good = isinstance(value, list) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
    if not good or (count is not None and len(value) != count):
        raise wrong(where, "a list of numbers" if count is None else f"a list of {count} numbers", value)
    try:
        return [float(v) for v in value]
    except OverflowError as error:
        raise wrong(where, "numbers that fit a float", "a larger one") from error


def whole_numbers(value: Any, where: str) -> list[int]:
    """A list of integers."""
    if not isinstance(value, list) or not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
        raise wrong(where, "a list of whole numbers", value)
    return value
