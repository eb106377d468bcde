"""Draw a row as a table of two columns: name and value."""

from __future__ import annotations

import math

from xmodal.data.sample import Sample
from xmodal.modalities.tabular.transforms import row_of
from xmodal.report.drawing import IGNORED, Picture, new_figure, render, shortened

MOST_ROWS, LONGEST_NAME, LONGEST_VALUE = 40, 36, 18
NONE = "-"
_ROW_PX, _WIDTH_PX = 24, 420


def picture(sample: Sample, key: str) -> Picture:
    """The row `key` as uint8 [h, w, 3]: at most 40 lines, missing values as a dash.

    Names come from `sample.meta["columns"][key]`, category names from `sample.meta["categories"][key][column]`.
    """
    values = row_of(sample, key).detach().cpu().tolist()
    names = sample.meta.get("columns", {}).get(key) or [str(i) for i in range(len(values))]
    categories = sample.meta.get("categories", {}).get(key, {})
    lines = list(zip(names, values, strict=True))[:MOST_ROWS]
    height = (len(lines) + 2) * _ROW_PX
    figure = new_figure(_WIDTH_PX, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, _WIDTH_PX)
    axes.set_ylim(height, 0)
    more = f", {len(lines)} shown" if len(lines) < len(values) else ""
    axes.text(12, _ROW_PX, f"{key}: {len(values)} columns{more}", size=10, weight="bold", va="center")
    for i, (name, value) in enumerate(lines):
        middle = (i + 2) * _ROW_PX
        axes.plot([12, _WIDTH_PX - 12], [middle - _ROW_PX / 2] * 2, color="#d8dbe0", linewidth=0.6)
        axes.text(12, middle, shortened(name, LONGEST_NAME), size=9, va="center")
        shown = shortened(_shown(value, categories.get(name)), LONGEST_VALUE)
        axes.text(
            _WIDTH_PX - 12, middle, shown, size=9, va="center", ha="right", color=IGNORED if shown == NONE else "black"
        )
    return render(figure)


def _shown(value: float, categories: list[str] | None) -> str:
    if math.isnan(value):
        return NONE
    if categories and value == int(value) and 0 <= int(value) < len(categories):
        return categories[int(value)]
    return f"{value:.7g}"  # float32 holds no more digits
