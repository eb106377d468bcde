"""xmodal trains a model that needs one sensor from teachers that had more."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from xmodal.errors import ConfigError, DataError, XmodalError

if TYPE_CHECKING:
    from xmodal.adapter import Model

try:
    __version__ = version("xmodal")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"


def load_student(folder: str | Path) -> Model:
    """Rebuild a finished student from `student.safetensors` and `student.json` in `folder`, in eval mode.

    Raises:
        DataError: a file is missing, damaged, or belongs to another model.
    """
    from xmodal.engine.export import load_student as load

    return load(folder)


__all__ = ["ConfigError", "DataError", "XmodalError", "__version__", "load_student"]
