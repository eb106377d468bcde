"""One format under test: how a small valid file is written, and which reader must survive its damage."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xmodal.errors import DataError, XmodalError

Bytes = Callable[[bytes], bytes]


TESTS = Path(__file__).resolve().parent.parent


def same(content: bytes) -> bytes:
    return content


@dataclass(frozen=True, slots=True)
class Case:
    """A format.

    Attributes:
        name: unique, and what `--formats` takes.
        write: fills an empty folder and returns the file to damage; others beside it stay whole.
        read: reads the file at that path, down to its values.
        unpack, pack: the damage falls on `unpack(content)` and is stored as `pack(damaged)`: so it comes past a
            checksum or a compression that would catch most of it at the door.
        allowed: the base of the errors that count as a refusal.
    """

    name: str
    write: Callable[[Path], Path]
    read: Callable[[Path], Any]
    unpack: Bytes = same
    pack: Bytes = same
    allowed: type[XmodalError] = DataError


def fixtures(folder: str) -> Any:
    """The module `conftest.py` of a folder of tests, which makes files of its data set."""
    name = f"conftest_{folder.replace('/', '_')}"
    spec = importlib.util.spec_from_file_location(name, TESTS / folder / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored(name: str, content: Callable[[], bytes] | bytes) -> Callable[[Path], Path]:
    """A writer that puts the same bytes under this name."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content())
        return path

    return write


def under(name: str, save: Callable[[Path], Any]) -> Callable[[Path], Path]:
    """A writer that calls `save(folder / name)`."""

    def write(folder: Path) -> Path:
        save(folder / name)
        return folder / name

    return write
