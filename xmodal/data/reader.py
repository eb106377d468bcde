"""The reader of an entry: its key names the modality, whose class says how files are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from xmodal import plugins
from xmodal.data.sample import modality_of
from xmodal.errors import DataError

Read = Callable[[Path], Any]


def reader_of(key: str, where: object) -> Read:
    """The reader of an entry's modality: "image/front" and "image@-1" are read as images.

    Raises:
        DataError: no modality of that name is installed; `where` names what asked for it.
    """
    family = modality_of(key)
    known = plugins.found("xmodal.modalities")
    if family not in known:
        raise DataError(where, expected=f"the name of a modality ({', '.join(sorted(known))})", found=repr(family))
    read: Read = plugins.load(family, "xmodal.modalities").read
    return read
