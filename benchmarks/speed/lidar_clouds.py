"""The clouds of the LiDAR bench: scans of the simulated street, all round."""

from __future__ import annotations

from collections.abc import Sequence

from xmodal.benchmarks.street.sample import to_sample
from xmodal.benchmarks.street.scene import make_scene
from xmodal.benchmarks.street.spec import StreetSpec
from xmodal.data.batch import Batch, collate
from xmodal.data.sample import Sample

SEED = 0
AZIMUTH_STEP_DEG = 0.2
"""With 64 beams some 86,000 points a scan, about what a sensor of that kind returns."""


def samples(scans: int, *, beams: int) -> Sequence[Sample]:
    """Samples with an image, a scan and the link between the two."""
    spec = StreetSpec(beams=beams, full_spin=True, azimuth_step_deg=AZIMUTH_STEP_DEG)
    return [to_sample(make_scene(SEED, number, spec), number) for number in range(scans)]


def batch(scans: int, *, beams: int) -> Batch:
    """The same samples side by side."""
    return collate(samples(scans, beams=beams))
