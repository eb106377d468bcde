"""Finds modalities, benchmarks, distillers, tasks and balances by entry point; ours are not privileged over yours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from xmodal.errors import ConfigError, unknown

GROUPS = ("xmodal.modalities", "xmodal.benchmarks", "xmodal.distillers", "xmodal.tasks", "xmodal.balance")


@dataclass(frozen=True, slots=True)
class Plugin:
    """Where a class was found: what a saved file writes down instead of an import path."""

    group: str
    name: str
    distribution: str
    version: str


@cache
def found(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name. Two packages that claim one name are an error, not a race."""
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = points.get(point.name)
        if other is not None and other.value != point.value:
            raise ConfigError(f"{group}: the name {point.name!r} is claimed by {other.value} and by {point.value}")
        points[point.name] = point
    return points


def load(name: str, group: str | None = None) -> Any:
    """The class that `name` stands for, in one group or in whichever group has it."""
    groups = (group,) if group else GROUPS
    hits = [found(g)[name] for g in groups if name in found(g)]
    if not hits:
        raise unknown("name", name, [n for g in groups for n in found(g)])
    if len(hits) > 1:
        raise ConfigError(f"{name!r} stands in several groups ({', '.join(p.group for p in hits)}): give the class")
    return load_point(hits[0])


def load_point(point: EntryPoint) -> Any:
    """The class behind an entry point; a package that fails to import is named."""
    try:
        return point.load()
    except Exception as error:
        owner = point.dist.name if point.dist else "?"
        raise ConfigError(f"{point.group} {point.name!r} of package {owner} does not load: {error}") from error


def describe(cls: type) -> Plugin:
    """The entry point that names this class; an error if there is none, for then nobody could rebuild it."""
    for group in GROUPS:
        for point in found(group).values():
            if point.attr == cls.__qualname__ and load_point(point) is cls:  # loads nothing but namesakes
                assert point.dist is not None
                return Plugin(group, point.name, point.dist.name, point.dist.version)
    raise ConfigError(f"{cls.__module__}.{cls.__qualname__} has no entry point in {', '.join(GROUPS)}: add one")


def registered_name(cls: type) -> str:
    """The entry point's name, or the class's own where it has none."""
    try:
        return describe(cls).name
    except ConfigError:
        return cls.__qualname__
