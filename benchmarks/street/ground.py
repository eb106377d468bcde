"""The ground: a curved road, perhaps a crossing one, and pavements that stand a kerb higher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xmodal.benchmarks.street.spec import F32, Bool

FAR_M = 200.0
"""Ground farther away than this is no hit: it covers less than a pixel below the horizon."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Road where |lateral| < half_width_m or |x - crossing_m| < crossing_half_m; pavement elsewhere.

    The road's middle runs at y = offset_m + slope * x + bend * x^2 / 2.
    """

    offset_m: float
    slope: float
    bend: float
    half_width_m: float
    kerb_m: float
    crossing_m: float
    crossing_half_m: float

    def middle(self, x: F32) -> F32:
        """[N]: y of the road's middle at x [N]."""
        return np.float32(self.offset_m) + x * (np.float32(self.slope) + x * np.float32(0.5 * self.bend))

    def middle_at(self, x: float) -> float:
        """`middle` at one x."""
        return self.offset_m + x * (self.slope + 0.5 * self.bend * x)

    def heading(self, x: float) -> float:
        """Direction of the road at x, in radians."""
        return float(np.arctan(self.slope + self.bend * x))

    def beyond_kerb(self, x: F32, y: F32) -> F32:
        """[N]: positive on the pavement, negative on the road; about the distance to the kerb in metres."""
        along = np.abs(y - self.middle(x)) - np.float32(self.half_width_m)
        across = np.abs(x - np.float32(self.crossing_m)) - np.float32(self.crossing_half_m)
        return np.asarray(np.minimum(along, across))

    def height(self, x: float, y: float) -> float:
        """Height of the ground at a place."""
        along = abs(y - self.middle_at(x)) - self.half_width_m
        return self.kerb_m if min(along, abs(x - self.crossing_m) - self.crossing_half_m) > 0 else 0.0

    def hit(self, origin: F32, d: F32) -> tuple[F32, Bool, Bool]:
        """Where rays from `origin` [3] along `d` [3, N] meet the ground.

        Returns:
            range [N] (inf: never), is it pavement (its kerb counts) [N], is it the upright face of the kerb [N].
        """
        down = np.minimum(d[2], np.float32(-1e-6))
        top = (np.float32(self.kerb_m) - origin[2]) / down
        on_top = self.beyond_kerb(origin[0] + top * d[0], origin[1] + top * d[1]) > 0
        bottom = -origin[2] / down
        under = ~on_top & (self.beyond_kerb(origin[0] + bottom * d[0], origin[1] + bottom * d[1]) > 0)
        t = np.where(on_top, top, bottom)
        face = np.flatnonzero(under)
        t[face] = self._kerb(origin, d[:, face], top[face], bottom[face])
        t[(d[2] > -1e-6) | (t * np.hypot(d[0], d[1]) > FAR_M)] = np.inf
        return t, on_top | under, under

    def _kerb(self, origin: F32, d: F32, low: F32, high: F32) -> F32:
        for _ in range(10):
            middle = (low + high) * np.float32(0.5)
            past = self.beyond_kerb(origin[0] + middle * d[0], origin[1] + middle * d[1]) > 0
            low, high = np.where(past, low, middle), np.where(past, middle, high)
        return high

    def normal(self, x: F32, y: F32, face: Bool) -> F32:
        """[3, N]: upward, or towards the road where `face` [N] says that the place is on a kerb."""
        out = np.zeros((3, len(x)), dtype=np.float32)
        out[2] = 1
        at = np.flatnonzero(face)
        x, y = x[at], y[at]
        offside = y - self.middle(x)
        along = np.abs(offside) - self.half_width_m
        across = np.abs(x - self.crossing_m) - self.crossing_half_m
        lean = np.float32(self.slope) + np.float32(self.bend) * x
        side = -np.sign(offside) / np.sqrt(1 + lean * lean)
        ours = along < across
        out[0, at] = np.where(ours, -lean * side, -np.sign(x - self.crossing_m))
        out[1, at] = np.where(ours, side, 0)
        out[2, at] = 0
        return out
