"""Draw events as an image: pixels that became brighter in blue, darker in red."""

from __future__ import annotations

import numpy as np

from xmodal.data.sample import Sample
from xmodal.modalities.event.transforms import events_of
from xmodal.report.drawing import Picture

_LONG_SIDE_PX = 640
_BLUE, _RED = np.array([31, 82, 214.0]), np.array([214, 40, 40.0])


def picture(sample: Sample, key: str) -> Picture:
    """The sum of the polarities of `key` in each pixel as uint8 [h, w, 3] on white, small sensors enlarged.

    The colour is full at the 99th percentile of the sums. The sensor's size is `sample.meta["size"][key]` (H, W), or
    what the events span.
    """
    events = events_of(sample, key).detach().cpu().numpy()
    spanned = (int(events[:, 2].max()) + 1, int(events[:, 1].max()) + 1) if len(events) else (1, 1)
    height, width = sample.meta.get("size", {}).get(key, spanned)
    inside = (events[:, 2] < height) & (events[:, 1] < width)
    total = np.zeros((height, width))
    np.add.at(total, (events[inside, 2], events[inside, 1]), 2.0 * events[inside, 3] - 1)
    amount = np.abs(total)
    full = float(np.percentile(amount[amount > 0], 99)) if amount.any() else 1.0
    share = np.clip(amount / full, 0, 1)[..., None] ** 0.5  # a single event stays visible
    colours = 255 + share * (np.where(total[..., None] > 0, _BLUE, _RED) - 255)
    zoom = max(1, _LONG_SIDE_PX // max(height, width))
    return np.asarray(colours.round().repeat(zoom, 0).repeat(zoom, 1), dtype=np.uint8)
