"""Draw a text on a card: word by word, or token by token once it is tokenized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from xmodal.data.sample import Sample
from xmodal.modalities.text.entry import is_raw, text_of, values_of
from xmodal.modalities.text.tokenizers import make_tokenizer
from xmodal.modalities.text.transforms import TOKENIZERS
from xmodal.report.drawing import Picture

WIDTH_PX, MARGIN_PX, LINE_PX, GAP_PX, PAD_PX, FONT_PX = 800, 24, 40, 8, 6, 22
LONGEST = 300
INK, CARD, EDGE = "#1d2433", "#ffffff", "#c9d1de"
TINTS = ("#e8f1fb", "#fdf0e3")
MARKED = "#e3e3e8"
"""Behind ids that stand for no text: start, end, halves of a character."""


def picture(sample: Sample, key: str) -> Picture:
    """The entry `key` as uint8 [H, 800, 3]: each word, or token, on a tint of its own; 300 of them at most."""
    pieces = _pieces(sample, key)
    shown = pieces[:LONGEST] + ([(f"... {len(pieces) - LONGEST} more", MARKED)] if len(pieces) > LONGEST else [])
    font = _font()
    boxes = _layout([text for text, _ in shown], font)
    height = max((top for _, top, _ in boxes), default=MARGIN_PX) + LINE_PX + MARGIN_PX
    card = Image.new("RGB", (WIDTH_PX, height), CARD)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, WIDTH_PX - 1, height - 1), outline=EDGE, width=2)
    for (text, tint), (left, top, width) in zip(shown, boxes, strict=True):
        draw.rounded_rectangle((left, top, left + width, top + LINE_PX - GAP_PX), radius=5, fill=tint)
        draw.text((left + PAD_PX, top + (LINE_PX - GAP_PX) / 2), _fitting(text, font), fill=INK, font=font, anchor="lm")
    return np.asarray(card, dtype=np.uint8).copy()


def _pieces(sample: Sample, key: str) -> list[tuple[str, str]]:
    """(text, tint) of each word or token."""
    values = values_of(sample, key)
    if is_raw(values):
        words = text_of(values, f"entry {key!r} of {sample.key!r}").split()
        return [(word, TINTS[i % 2]) for i, word in enumerate(words)]
    name = sample.meta.get(TOKENIZERS, {}).get(key)
    if name is None:
        return [(str(i), TINTS[n % 2]) for n, i in enumerate(values.tolist())]
    tokenizer = make_tokenizer(name)
    marks = {tokenizer.start: "start", tokenizer.end: "end"}
    pieces = []
    for number, i in enumerate(values.tolist()):
        text = tokenizer.decode([i])
        readable = bool(text) and text.isprintable() and "\ufffd" not in text
        pieces.append((text, TINTS[number % 2]) if readable else (marks.get(i, str(i)), MARKED))
    return pieces


def _layout(texts: list[str], font: Any) -> list[tuple[float, int, float]]:
    """(left, top, width) in pixels of each box, in lines from left to right."""
    boxes: list[tuple[float, int, float]] = []
    left, top = float(MARGIN_PX), MARGIN_PX
    for text in texts:
        width = font.getlength(_fitting(text, font)) + 2 * PAD_PX
        if left > MARGIN_PX and left + width > WIDTH_PX - MARGIN_PX:
            left, top = float(MARGIN_PX), top + LINE_PX
        boxes.append((left, top, width))
        left += width + GAP_PX
    return boxes


def _fitting(text: str, font: Any) -> str:
    """The text, cut where it is wider than the card."""
    room = WIDTH_PX - 2 * MARGIN_PX - 2 * PAD_PX
    if len(text) < 400 and font.getlength(text) <= room:
        return text
    short = text[:400]
    while font.getlength(short + "…") > room:
        short = short[: len(short) * 9 // 10]
    return short + "…"


def _font() -> Any:
    # The font that matplotlib installs knows more alphabets than Pillow's own.
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), FONT_PX)
