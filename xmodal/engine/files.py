"""Files that are either whole or absent: written beside their place, then moved there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from xmodal.errors import DataError


def write_atomic(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file in the same folder, flush it to disk, move it to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(path, expected="JSON", found=f"text that does not parse ({error})") from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """A safetensors file; shared or strided tensors are copied."""
    plain = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    write_atomic(path, lambda part: save_file(plain, str(part)))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or a DataError that names it."""
    if not path.is_file():
        raise DataError(path, expected="a safetensors file", found="no such file")
    try:
        return load_file(str(path))
    except Exception as error:
        raise DataError(path, expected="a safetensors file", found=f"a file that does not parse ({error})") from error


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Our own training state: tensors, numbers and containers of them, so that it loads with weights_only."""
    write_atomic(path, lambda part: torch.save(dict(state), part))


def read_checkpoint(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataError(path, expected="a checkpoint written by xmodal", found=type(error).__name__) from error
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
