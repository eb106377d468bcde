"""One recorded moment: an entry a sensor, the links between sensors, the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from xmodal.errors import DataError


@dataclass(frozen=True, slots=True)
class Rows:
    """A set of elements whose number differs from sample to sample (points, events): values [E, ...].

    Collates to `Ragged`, while a plain tensor collates by stacking.
    """

    values: Tensor


def moment_of(key: str) -> int:
    """How many steps before now an entry was recorded, as its key says: 0 of "lidar", -1 of "lidar@-1".

    Raises:
        DataError: what stands after the @ is no whole number.
    """
    _, at, moment = key.partition("@")
    if not at:
        return 0
    try:
        return int(moment)
    except ValueError:
        expected = "a whole number after the @, such as lidar@-1"
        raise DataError(f"entry {key!r}", expected=expected, found=repr(moment)) from None


def modality_of(key: str) -> str:
    """The modality that an entry's key names: "image" of "image", "image/front" and "image@-1"."""
    return key.split("/")[0].split("@")[0]


Entry = Tensor | Rows
Label = Tensor | Rows | Mapping[str, Tensor | Rows]
"""One target a sample, or, for dense tasks, by entry: one target a pixel [H, W] or an element Rows([E])."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was recorded at one moment.

    Attributes:
        key: unique in its data set.
        entries: by key such as "image", "image/front", "lidar", "lidar@-1"; images are [3, H, W] (uint8, or float
            in [0, 1]), clouds are Rows([P, F]) with x, y, z in metres first.
        links: by (a, b): where each raw element of entry a lies in entry b. For a = cloud, b = image this is
            Rows([P, 2]) = (u, v) in pixels: u to the right in [0, W), v down in [0, H); NaN where b does not see it.
        labels: by task; a task that is missing is unlabelled. Dense labels are given in the space of each entry.
            Class labels are long with -1 for "ignore"; measured values are float with NaN for "unknown".
        poses: by entry: float64 [4, 4], its sensor's frame in a common frame (the world), in metres, at the moment
            of that entry. A transform that moves an entry's coordinates takes its pose away.
    """

    key: str
    entries: Mapping[str, Entry]
    links: Mapping[tuple[str, str], Rows] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    poses: Mapping[str, Tensor] = field(default_factory=dict)
