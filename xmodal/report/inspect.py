"""One picture of a whole sample: a panel for each entry, with its shape and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from xmodal.data.sample import Entry, Rows, Sample, modality_of
from xmodal.report.drawing import Picture, new_figure, render

_WIDTH_PX = 1240
_PAD_PX, _HEAD_PX, _LINE_PX = 14, 26, 18
_TALL = 1.0  # panels taller than this (height over width) share a row


def inspect_picture(sample: Sample, pictures: Mapping[str, Callable[[Sample, str], Any]]) -> Image.Image:
    """Panels of all entries of a sample, below a heading with its key and labels.

    Args:
        pictures: by entry key, or by its modality (the part before "/" and "@"): draws an entry as uint8 [H, W, 3].
            An entry nobody draws is described in words.

    Returns:
        An RGB image, 1240 pixels wide.
    """
    panels = []
    for key, entry in sample.entries.items():
        draw = pictures.get(key, pictures.get(modality_of(key)))
        drawn = None if draw is None else np.asarray(draw(sample, key), dtype=np.uint8)
        panels.append((f"{key}   {_shape(entry)}", drawn))
    head = [f"sample {sample.key}", *(_label_line(sample, task) for task in sample.labels)]
    rows = _rows(panels)
    height = _PAD_PX + _LINE_PX * len(head) + sum(_HEAD_PX + row_height for row_height, _ in rows) + _PAD_PX
    return Image.fromarray(_compose(head, rows, height))


_Panel = tuple[str, Picture | None]
_Placed = tuple[int, int, int, str, Picture | None]  # left, width, height, caption, picture


def _rows(panels: list[_Panel]) -> list[tuple[int, list[_Placed]]]:
    """(height, panels) of each row: wide pictures fill one, two tall ones stand side by side."""
    rows: list[tuple[int, list[_Placed]]] = []
    inner = _WIDTH_PX - 2 * _PAD_PX
    half = (inner - _PAD_PX) // 2
    waiting: list[_Panel] = []
    for caption, drawn in [*panels, ("", None)]:
        tall = drawn is not None and drawn.shape[0] / drawn.shape[1] > _TALL * 0.7
        if waiting and (not tall or len(waiting) == 2):
            width = half if len(waiting) == 2 else inner
            placed = [_place(_PAD_PX + i * (half + _PAD_PX), width, *panel) for i, panel in enumerate(waiting)]
            rows.append((max(p[2] for p in placed), placed))
            waiting = []
        if tall:
            waiting.append((caption, drawn))
        elif caption:
            one = _place(_PAD_PX, inner, caption, drawn)
            rows.append((one[2], [one]))
    return rows


def _place(left: int, width: int, caption: str, drawn: Picture | None) -> _Placed:
    if drawn is None:
        return left, width, 0, caption, None
    width = min(width, drawn.shape[1])  # what is drawn keeps its sharpness
    return left, width, round(drawn.shape[0] * width / drawn.shape[1]), caption, drawn


def _compose(head: list[str], rows: list[tuple[int, list[_Placed]]], height: int) -> Picture:
    figure = new_figure(_WIDTH_PX, height)
    top = _PAD_PX
    for number, line in enumerate(head):
        weight = "bold" if number == 0 else "normal"
        figure.text(_PAD_PX / _WIDTH_PX, 1 - top / height, line, va="top", size=10, weight=weight)
        top += _LINE_PX
    pasted = []
    for row_height, placed in rows:
        for left, width, own_height, caption, drawn in placed:
            figure.text(left / _WIDTH_PX, 1 - (top + 6) / height, caption, va="top", size=10, family="monospace")
            if drawn is not None:
                pasted.append((left, top + _HEAD_PX, width, own_height, drawn))
        top += _HEAD_PX + row_height
    page = render(figure)
    for left, upper, width, own_height, drawn in pasted:
        resized = np.asarray(Image.fromarray(drawn).resize((width, own_height), Image.Resampling.LANCZOS))
        room = page[upper : upper + own_height, left : left + width]
        room[...] = resized[: room.shape[0], : room.shape[1]]
    return page


def _shape(entry: Entry) -> str:
    if isinstance(entry, Rows):
        return f"{len(entry.values):,} rows of {list(entry.values.shape[1:])} {_kind(entry.values)}"
    return f"{list(entry.shape)} {_kind(entry)}"


def _kind(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")


def _label_line(sample: Sample, task: str) -> str:
    label = sample.labels[task]
    names = tuple(sample.meta.get("classes", {}).get(task, ()))
    if isinstance(label, Mapping):
        return f"{task}: " + "; ".join(f"{key} {_label(part, names)}" for key, part in label.items())
    return f"{task}: {_label(label, names)}"


def _label(label: Entry, names: Sequence[str]) -> str:
    values = label.values if isinstance(label, Rows) else label
    if values.is_floating_point():
        known = values[values.isfinite()]
        if values.numel() == 1 or not known.numel():
            return f"{values.item():g}" if known.numel() else "unknown"
        return f"{known.min():.3g} to {known.max():.3g} ({len(known):,} of {values.numel():,} known)"
    classes, counts = np.unique(values.cpu().numpy(), return_counts=True)
    shown = [
        _class_name(int(c), names) + ("" if values.numel() == 1 else f" {int(n):,}")
        for c, n in zip(classes, counts, strict=True)
    ]
    return ", ".join(shown[:8]) + (", ..." if len(shown) > 8 else "")


def _class_name(index: int, names: Sequence[str]) -> str:
    if index < 0:
        return "ignored"
    return names[index] if index < len(names) else f"class {index}"
