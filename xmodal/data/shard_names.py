"""Lists of shards as they are written: paths or commands, in which braces stand for several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from xmodal.errors import ConfigError

PIPE = "pipe:"
"""What stands before a command whose output is a tar."""
MOST = 100_000
_BRACES = re.compile(r"\{(?:([0-9]{1,18})\.\.([0-9]{1,18})|([^{},]*(?:,[^{},]*)+))\}")

Names = str | Sequence[str]


def shard_names(names: Names, where: str) -> tuple[str, ...]:
    """Every shard of a list, braces expanded; `where` is the argument that holds the list.

    Raises:
        ConfigError: no list of texts; an address without a command that fetches it; more than 100,000 shards.
    """
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, Sequence) or not all(isinstance(name, str) and name.strip() for name in listed):
        raise ConfigError(f"{where}: expected paths such as 'train-{{000..009}}.tar', found {names!r}")
    for name in listed:
        if "://" in name and not name.startswith(PIPE):
            raise ConfigError(f"{where}: expected a path or a command such as 'pipe:curl -fsS {name}', found {name!r}")
    return tuple(shard for name in listed for shard in expand(name, where))


def expand(pattern: str, where: str) -> list[str]:
    """ "a-{08..10}.tar" as a-08.tar, a-09.tar, a-10.tar, and "{a,b}.tar" as a.tar, b.tar; braces do not nest."""
    parts: list[Sequence[str]] = []
    count, at = 1, 0
    for braces in _BRACES.finditer(pattern):
        options, number = _options(*braces.groups())
        count *= number
        if count > MOST:
            raise ConfigError(f"{where}: expected at most {MOST:,} shards, found {pattern!r}")
        parts += [[pattern[at : braces.start()]], list(options)]
        at = braces.end()
    return ["".join(chosen) for chosen in product(*parts, [pattern[at:]])]


def _options(first: str, last: str, choice: str | None) -> tuple[Iterable[str], int]:
    """What a pair of braces stands for, and how many that is; numbers are as wide as the wider end if one has zeros."""
    if choice is not None:
        options = choice.split(",")
        return options, len(options)
    low, high = int(first), int(last)
    padded = any(len(end) > 1 and end.startswith("0") for end in (first, last))
    width = max(len(first), len(last)) if padded else 0
    numbers = range(low, high + 1) if low <= high else range(low, high - 1, -1)
    return (f"{number:0{width}d}" for number in numbers), abs(high - low) + 1
