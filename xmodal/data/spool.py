"""Tars that a command writes: fetched once into a folder, whole or not at all, then read like any other."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from xmodal.errors import ConfigError, DataError
from xmodal.files import write_atomic

Found = TypeVar("Found")


def spooled(command: str, folder: Path, cwd: Path, read: Callable[[Path], Found]) -> Found:
    """What `read` finds in the output of a command, which runs only if its output is not in the folder yet.

    Args:
        command: for the shell, with `cwd` as its folder.
        folder: where outputs are kept, each under the digest of its command.
        read: refuses with a DataError what is not whole; such an output is not kept, or fetched again.

    Raises:
        DataError: the command failed, or wrote what `read` refuses; nothing of it is left.
        ConfigError: the folder cannot be written.
    """
    path = folder / f"{hashlib.sha256(command.encode()).hexdigest()[:24]}.tar"
    with suppress(DataError):
        return read(path)
    _make(folder)
    lock = folder / f".{path.stem}.lock"
    try:
        with FileLock(lock):  # of several runs, one fetches
            with suppress(DataError):
                return read(path)
            write_atomic(path, lambda part: _fetch(command, part, cwd, read))
            return read(path)
    except BaseException:
        lock.unlink(missing_ok=True)
        with suppress(OSError):  # other shards lie in it
            folder.rmdir()
        raise


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"spool: {folder} cannot be made ({error.strerror}); name another folder") from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"spool: {folder} cannot be written; name another folder")


def _fetch(command: str, part: Path, cwd: Path, read: Callable[[Path], object]) -> None:
    where = f"pipe:{command}"
    if not cwd.is_dir():
        raise DataError(where, expected=f"a folder {cwd} to run in", found="none")
    with part.open("wb") as out:
        done = subprocess.run(
            command, shell=True, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        found = f"{done.returncode}: {said[-1][:300]}" if said else str(done.returncode)
        raise DataError(where, expected="exit status 0", found=found)
    try:
        read(part)
    except DataError as error:
        at = error.where.replace(str(part), where)
        raise DataError(at, expected=error.expected, found=error.found) from error
