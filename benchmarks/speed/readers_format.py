"""One format of the readers bench: how its files are made, how we read them, and how one would without us."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Format(NamedTuple):
    """A format of one modality.

    Attributes:
        modality: whose reader it is; name: of the format.
        file: the name that files end with.
        write: makes one, from random numbers.
        ours: what our reader gives, as an array.
        plain: the same numbers by the usual library or by numpy, with none of our checks.
        needs: packages that all of it needs.
    """

    modality: str
    name: str
    file: str
    write: Callable[[Path, np.random.Generator], None]
    ours: Callable[[Path], Array]
    plain: Callable[[Path], Array]
    needs: tuple[str, ...] = ()
