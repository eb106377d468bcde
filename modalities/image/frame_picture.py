"""Draw a video as a strip of frames."""

from __future__ import annotations

import numpy as np

from xmodal.data.sample import Sample
from xmodal.modalities.image.frames import frames_of
from xmodal.report.drawing import Picture, new_figure, render

MOST_FRAMES = 8
_STRIP_PX = 1200


def picture(sample: Sample, key: str) -> Picture:
    """Up to eight frames of the video `key`, evenly chosen, as uint8 [h, w, 3], each under its number, from 1."""
    frames = frames_of(sample, key).detach().cpu()
    shown = np.unique(np.linspace(0, len(frames) - 1, min(MOST_FRAMES, len(frames))).round().astype(int))
    height, width = frames.shape[2:]
    wide = _STRIP_PX // len(shown)
    tall = min(600, max(40, round(wide * height / width)))
    figure = new_figure(wide * len(shown), tall + 24)
    for place, i in enumerate(shown):
        axes = figure.add_axes((place / len(shown), 0, 0.98 / len(shown), tall / (tall + 24)))
        frame = frames[int(i)]
        pixels = frame.float() / 255 if not frame.is_floating_point() else frame.float().clamp(0, 1)
        axes.imshow(pixels.permute(1, 2, 0).numpy())
        axes.set_axis_off()
        axes.set_title(f"frame {i + 1} of {len(frames)}", fontsize=8, pad=3)
    return render(figure)
