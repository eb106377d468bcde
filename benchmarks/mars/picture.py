"""A picture of one window: radar points and skeleton from the front and from the side."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.mars.skeleton import JOINTS
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.radar.columns import V_R, X, Y, Z
from xmodal.report.drawing import Picture, new_figure, render

BONES = (
    ("Head", "Neck", "SpineShoulder", "SpineMid", "SpineBase"),
    ("SpineShoulder", "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft"),
    ("SpineShoulder", "ShoulderRight", "ElbowRight", "WristRight", "HandRight"),
    ("SpineBase", "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft"),
    ("SpineBase", "HipRight", "KneeRight", "AnkleRight", "FootRight"),
)
SHOWN = (0, 5, 10, 15)
FASTEST_MPS = 0.8


def picture(sample: Sample) -> Picture:
    """[H, W, 3]: the points of 16 frames coloured by Doppler (red: away), and the skeleton of four of them.

    The skeleton's place is not known to the sample, so it is drawn around the points' median.
    """
    cloud, series = sample.entries["radar"], sample.entries["series/skeleton"]
    if not isinstance(cloud, Rows) or isinstance(series, Rows):
        raise DataError(sample.key, expected="radar points as Rows, and a skeleton tensor", found="other entries")
    points = cloud.values.double().numpy()
    joints = series.double().numpy().reshape(len(series), 3, len(JOINTS))
    right, forward, up = -points[:, Y], points[:, X], points[:, Z]
    figure = new_figure(900, 520)
    for place, (across, axis, name) in enumerate(((right, 0, "to the right (m)"), (forward, 1, "from the radar (m)"))):
        axes = figure.add_axes((0.07 + 0.48 * place, 0.1, 0.42, 0.8))
        axes.scatter(across, up, c=points[:, V_R], s=6, cmap="coolwarm", vmin=-FASTEST_MPS, vmax=FASTEST_MPS)
        middle = (float(np.median(across)) if len(across) else 0.0, 0.0)
        for i in SHOWN:
            for bone in BONES:
                at = [JOINTS.index(joint) for joint in bone]
                shade = str(0.75 - 0.05 * i)
                axes.plot(joints[i, axis, at] + middle[0], joints[i, 2, at] + middle[1], color=shade, linewidth=1)
        axes.set(xlabel=name, ylabel="up (m)" if place == 0 else "", aspect="equal")
    figure.suptitle(f"{sample.key}: {sample.meta['movement']}, {len(points)} points of 16 frames", fontsize=10)
    return render(figure)
