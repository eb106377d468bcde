"""The head of one subject: what share of each voxel is bone, fluid, grey or white matter.

A template in millimetres, bent for each subject: size, tilt, smooth deformation, folds, ventricles and hippocampi of
one's own. Ageing widens ventricles and sulci; atrophy shrinks hippocampi and temporo-parietal cortex, and the fluid
around both takes the room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xmodal.benchmarks.phantom.fields import both_sides, bump, ellipsoid, share, smooth_noise
from xmodal.benchmarks.phantom.spec import F32, Bool, Tissue, places_mm
from xmodal.benchmarks.phantom.subject import Subject

_PLACES = places_mm()

_COUPLING = {"hippocampus": 0.20, "thickness": 0.6, "recess": 1.3, "ventricles": 0.10}
"""What one standard deviation of atrophy does: share of the hippocampus' volume lost, millimetres of
temporo-parietal cortex lost from inside and from outside, logarithm of the ventricles' size."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What both scanners see.

    Attributes:
        shares: [T, Z, Y, X], adding up to 1.
        template_mm: [3, Z, Y, X], the place in the template that each voxel shows.
        brain: [Z, Y, X], inside of the skull. reference: [Z, Y, X], well inside the cerebellum.
    """

    shares: F32
    template_mm: F32
    brain: Bool
    reference: Bool


def make_anatomy(subject: Subject, rng: np.random.Generator) -> Anatomy:
    """Build the head of a subject."""
    at = _bent(rng)
    cortex, cerebellum, stem = _parts(at)
    inside = np.maximum(np.maximum(cortex, cerebellum), stem)
    head = ellipsoid(at, (0, -2, -10), (78, 92, 80))
    pial = cortex - _recess_mm(at, subject, rng)
    own_mm = 7.5 * float(np.exp(0.05 * rng.normal())) - 0.25 * subject.ageing
    thickness = own_mm - _COUPLING["thickness"] * subject.atrophy * temporo_parietal(at)
    layers = [
        (Tissue.SOFT, head),
        (Tissue.BONE, np.minimum(inside + 13, head + 4)),
        (Tissue.CSF, inside + 6),
        (Tissue.WHITE, stem),
        (Tissue.GREY, cerebellum),
        (Tissue.WHITE, cerebellum - 9),
        (Tissue.GREY, pial),
        (Tissue.WHITE, pial - thickness),
        *_deep(at, subject, rng),
    ]
    shares = np.zeros((len(Tissue), *at.shape[1:]), dtype=np.float32)
    shares[Tissue.AIR] = 1
    for tissue, depth in layers:
        new = share(depth)
        shares *= 1 - new
        shares[tissue] += new
    return Anatomy(shares, at, share(inside + 6) > 0.5, cerebellum > 6)


def temporo_parietal(at: F32) -> F32:
    """[...] in [0, 1]: where the template [3, ...] loses cortex to the disease."""
    temporal = bump(at, (46, -2, -26), (24, 40, 22))
    return np.asarray(np.maximum(temporal, 0.6 * bump(at, (44, -46, 28), (24, 26, 24))))


def _bent(rng: np.random.Generator) -> F32:
    """[3, Z, Y, X]: the place in the template that each voxel of this subject shows."""
    tilt = rng.normal(size=3) * np.radians(2.0)
    turn = np.array([[0, -tilt[2], tilt[1]], [tilt[2], 0, -tilt[0]], [-tilt[1], tilt[0], 0]]) + np.eye(3)
    size = np.exp(0.03 * rng.normal() + 0.015 * rng.normal(size=3))
    matrix = (turn / size[:, None]).astype(np.float32)
    moved = _PLACES - (rng.normal(size=3)).astype(np.float32).reshape(3, 1, 1, 1)
    straight = (matrix @ moved.reshape(3, -1)).reshape(moved.shape)
    return np.asarray(straight + 1.5 * smooth_noise(rng, 3))


def _parts(at: F32) -> tuple[F32, F32, F32]:
    """Depth below the surface of cerebrum, cerebellum and brain stem."""
    x, z = np.abs(at[0]), at[2]
    upper = np.minimum(ellipsoid(at, (0, 0, 6), (65, 81, 54)), z + 16)
    cortex = np.maximum(upper, both_sides(at, (40, 6, -22), (22, 42, 21)))
    cortex = np.minimum(cortex, np.maximum(x - 1.5, 20 - z))  # the fissure between the halves, above the callosum
    return cortex, ellipsoid(at, (0, -46, -34), (48, 29, 22)), ellipsoid(at, (0, -20, -40), (11, 11, 34))


def _recess_mm(at: F32, subject: Subject, rng: np.random.Generator) -> F32:
    """How far the cortex lies below its smooth hull: folds of one's own, ageing everywhere, atrophy in its region."""
    wave = rng.normal(size=(6, 3))
    wave *= (2 * np.pi / rng.uniform(22, 34, size=6) / np.linalg.norm(wave, axis=1))[:, None]
    phase = rng.uniform(0, 2 * np.pi, size=(6, 1))
    waves = wave.astype(np.float32) @ at.reshape(3, -1) + phase.astype(np.float32)
    fold = np.sin(waves).sum(0).reshape(at.shape[1:]) / np.float32(3**0.5)  # variance 1
    depth = 2.5 + rng.normal() + 0.8 * subject.ageing
    lost = _COUPLING["recess"] * subject.atrophy * temporo_parietal(at)
    return np.asarray(depth + 1.5 * fold + lost, dtype=np.float32)


def _deep(at: F32, subject: Subject, rng: np.random.Generator) -> list[tuple[Tissue, F32]]:
    """Grey nuclei, ventricles, and the hippocampi in beds that keep their size: fluid fills what they lose."""
    widening = 0.2 * rng.normal() + 0.16 * subject.ageing + _COUPLING["ventricles"] * subject.atrophy
    wide = np.float32(np.exp(widening))
    bed = np.array([8.5, 20, 8.5]) * np.exp(0.04 * rng.normal())
    volume = 0.80 * np.exp(0.06 * rng.normal()) - 0.02 * subject.ageing
    volume *= 1 - _COUPLING["hippocampus"] * subject.atrophy
    hippocampus = (bed * np.clip(volume, 0.2, 1.0) ** (1 / 3)).astype(np.float32)
    return [
        (Tissue.GREY, both_sides(at, (13, -14, 6), (10, 15, 10))),  # thalamus
        (Tissue.GREY, both_sides(at, (27, 6, 4), (8, 18, 10))),  # putamen
        (Tissue.CSF, both_sides(at, (10, -4, 20), wide * np.array([6, 34, 9], dtype=np.float32))),
        (Tissue.CSF, ellipsoid(at, (0, -6, 4), wide * np.array([3.5, 14, 9], dtype=np.float32))),
        (Tissue.CSF, both_sides(at, (28, -10, -20), bed)),
        (Tissue.GREY, both_sides(at, (27, -10, -21), hippocampus)),
    ]
