"""Files that are either whole or absent: written beside their place, then moved there; tensors with a checksum."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from xmodal.errors import DataError, DiskFull

_SHA256 = "sha256"
_SEAL = b"\nxmodal sha256 "
_SEAL_BYTES = len(_SEAL) + 64


def write_atomic(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file in the same folder, flush it to disk, move it to `path`.

    Raises:
        DiskFull: there is no room; what stood at `path` still does.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_into(path: Path, start: int, pieces: Iterable[bytes]) -> None:
    """Write at a place of a file, of which other processes may write other places, and flush it to disk.

    Not atomic: who calls it says elsewhere, afterwards, that the place is filled.

    Raises:
        DiskFull: there is no room.
    """
    with _told(path), open(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        file.seek(start)
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time; others wait. The lock lies beside the folder, which need not exist."""
    lock = folder.absolute().with_name(f".{folder.absolute().name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        yield
        lock.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """A full disk, in words."""
    try:
        yield
    except Exception as error:
        if _no_room(error):
            raise DiskFull(f"{path}: no room left on the disk; nothing that was written before is lost") from error
        raise


def _no_room(error: BaseException | None) -> bool:
    """Whether the system said so, to Python or to a library that tells it in words."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return error is not None and "No space left on device" in str(error)


def write_text(path: Path, text: str) -> None:
    def write(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    write_atomic(path, write)


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file, or a DataError that names it."""
    if not path.is_file():
        raise DataError(path, expected="a JSON file", found="no such file")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, a number of too many digits, endless brackets
        raise DataError(path, expected="JSON", found=f"text that does not parse ({error})") from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """A safetensors file with a checksum in its metadata; shared or strided tensors are copied."""
    plain = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    write_atomic(path, lambda part: save_file(plain, str(part), {_SHA256: tensors_digest(plain)}))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors that `write_tensors` wrote, or a DataError that names the file."""
    if not path.is_file():
        raise DataError(path, expected="a safetensors file", found="no such file")
    try:
        with safe_open(str(path), framework="pt") as file:
            stated = (file.metadata() or {}).get(_SHA256)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except Exception as error:
        raise DataError(path, expected="a safetensors file", found=f"a file that does not parse ({error})") from error
    if tensors_digest(tensors) != stated:
        raise DataError(path, expected="tensors with the sha256 in its metadata", found="other or damaged ones")
    return tensors


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 of the names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name!r} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def checkpoint_bytes(state: Mapping[str, Any]) -> memoryview:
    """Our own training state: tensors, numbers and containers of them, so that it loads with weights_only."""
    content = io.BytesIO()
    torch.save(dict(state), content)
    return content.getbuffer()


def write_checkpoint(path: Path, content: memoryview) -> None:
    """What `checkpoint_bytes` gave, with a checksum behind it, where `torch.load` does not look."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            file.write(content)
            file.write(_SEAL + hashlib.sha256(content).hexdigest().encode())

    write_atomic(path, write)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state that `write_checkpoint` wrote, or a DataError that names the file."""
    content = memoryview(path.read_bytes())
    body, seal = content[:-_SEAL_BYTES], bytes(content[-_SEAL_BYTES:])
    if seal != _SEAL + hashlib.sha256(body).hexdigest().encode():
        raise DataError(path, expected="a checkpoint written by xmodal", found="a file that is damaged or of others")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except Exception as error:
        found = f"content that does not load ({type(error).__name__})"
        raise DataError(path, expected="a checkpoint written by xmodal", found=found) from error
    return state


def load_weights(module: torch.nn.Module, tensors: Mapping[str, Tensor], where: object) -> None:
    """Load tensors into a module; a DataError names the first tensor that is missing, left over or of other shape."""
    own = module.state_dict()
    missing, extra = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    if missing or extra:
        found = f"no {missing[0]!r}" if missing else f"{extra[0]!r}, which the model has not"
        raise DataError(where, expected=f"the {len(own)} tensors of {type(module).__name__}", found=found)
    for name, value in own.items():
        if value.shape != tensors[name].shape:
            there = list(tensors[name].shape)
            raise DataError(f"{where}: {name}", expected=f"shape {list(value.shape)}", found=f"shape {there}")
    module.load_state_dict(dict(tensors))
