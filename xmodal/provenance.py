"""Where a mechanism comes from, and how well that is known: read from the docstring that says so to people."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass
from typing import Any

GRADES = ("exact", "paper", "described", "ancestor", "recalled", "ours")
"""exact: from the authors' code. paper: from the full text. described: from an abstract, figure or notes, so the
equations are a re-implementation from the description. ancestor: those of an older method that is named. recalled: the
standard equation, not read again. ours: no publication behind it."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The source as its docstring names it, and the evidence: grades with what they apply to."""

    source: str
    evidence: str

    @property
    def grades(self) -> tuple[str, ...]:
        """Every grade that the evidence names, in its order."""
        return tuple(word for word in re.findall(r"[a-z]+", self.evidence) if word in GRADES)


def provenance(thing: Any) -> Provenance | None:
    """Of a class or function, by its own docstring or that of its module; None where neither has "Evidence: ..."."""
    own = thing.__doc__ or ""
    for text in (own, sys.modules[thing.__module__].__doc__ or ""):
        for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
            line = " ".join(paragraph.split())
            found = re.search(r"Evidence: (.+?)(?:\.(?= |$)|$)", line)
            if found:
                return Provenance(line[: found.start()].strip(), found.group(1))
    return None


def summary(thing: Any) -> str:
    """The first sentence of its docstring, or of its module's where it has none."""
    return _sentence(thing.__doc__ or sys.modules[thing.__module__].__doc__ or "")


def module_summary(thing: Any) -> str:
    """The first sentence of its module's docstring: what it does, where the class's own says what it returns."""
    return _sentence(sys.modules[thing.__module__].__doc__ or "")


def _sentence(text: str) -> str:
    paragraph = " ".join(re.split(r"\n\s*\n", inspect.cleandoc(text))[0].split())
    return re.split(r"(?<=[.:])\s+(?=[A-Z])", paragraph)[0].rstrip(":")
