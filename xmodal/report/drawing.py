"""What all pictures of samples share: off-screen rendering, class names, class colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from xmodal.data.sample import Rows, Sample

Picture = NDArray[np.uint8]
"""[H, W, 3], red first."""

BACKGROUND = "background"
IGNORED = (0.45, 0.45, 0.48)
_BRIGHT = (
    "#ff4d6d", "#3ddc97", "#ffb703", "#4cc9f0", "#c77dff", "#f9f871",
    "#ff8fab", "#80ed99", "#f3722c", "#90e0ef", "#e0aaff", "#dda15e",
)  # fmt: skip


def new_figure(width_px: float, height_px: float, colour: str = "white") -> Figure:
    """A figure of that many pixels that belongs to no window and no global state."""
    figure = Figure(figsize=(width_px / 100, height_px / 100), dpi=100, facecolor=colour)
    FigureCanvasAgg(figure)
    return figure


def render(figure: Figure) -> Picture:
    """The figure's pixels [H, W, 3] uint8."""
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib leaves its canvas without types
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[..., :3].copy()


def shortened(text: object, longest: int) -> str:
    """A name that fits beside a drawing: its end is left out beyond `longest` characters."""
    name = str(text)
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def between(low: float, high: float) -> tuple[str, str]:
    """Two ends of a scale with as few digits as tell them apart, three at least."""
    for digits in range(3, 10):
        ends = f"{low:.{digits}g}", f"{high:.{digits}g}"
        if ends[0] != ends[1]:
            break
    return ends if ends[0] != ends[1] else (f"{low:.4g}", f"{high:.4g}")


@dataclass(frozen=True, slots=True)
class Classes:
    """The class labels of one task in one entry.

    Attributes:
        index: [H, W] or [E] class indices, -1 for "ignore".
        names: by class index.
    """

    task: str
    index: NDArray[np.int64]
    names: tuple[str, ...]

    def shown(self) -> list[int]:
        """The classes that occur, background left out."""
        return [int(c) for c in np.unique(self.index) if c >= 0 and self.names[int(c)] != BACKGROUND]


def dense_labels(sample: Sample, key: str) -> list[tuple[str, NDArray[Any]]]:
    """(task, values) of each label that is given for every pixel or element of the entry `key`."""
    found = []
    for task, label in sample.labels.items():
        if isinstance(label, Mapping) and key in label:
            dense = label[key]
            values = dense.values if isinstance(dense, Rows) else dense
            found.append((task, values.detach().cpu().numpy()))
    return found


def class_labels(sample: Sample, key: str) -> list[Classes]:
    """The dense labels of the entry `key` that are classes; names come from `sample.meta["classes"][task]`."""
    return [
        Classes(task, values.astype(np.int64), _names(sample, task, values))
        for task, values in dense_labels(sample, key)
        if values.dtype.kind in "iu"
    ]


def class_colour(index: int) -> str:
    """The colour of a class: the same in every panel. Classes beyond the list share colours."""
    return _BRIGHT[(index - 1) % len(_BRIGHT)]


def _names(sample: Sample, task: str, values: NDArray[Any]) -> tuple[str, ...]:
    known = tuple(sample.meta.get("classes", {}).get(task, ()))
    count = int(values.max(initial=-1)) + 1
    return known + tuple(f"class {i}" for i in range(len(known), count))
