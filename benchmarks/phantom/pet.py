"""The PET scanner: FDG-like uptake with its regional deficit, a wide point-spread function, counting noise."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.phantom.anatomy import Anatomy
from xmodal.benchmarks.phantom.fields import blur, bump, smooth_noise
from xmodal.benchmarks.phantom.spec import F32, Tissue
from xmodal.benchmarks.phantom.subject import Subject

_UPTAKE = {Tissue.AIR: 0.0, Tissue.SOFT: 0.2, Tissue.BONE: 0.08, Tissue.CSF: 0.05, Tissue.GREY: 1.0, Tissue.WHITE: 0.35}
DEFICIT, DEFICIT_PER_SEVERITY = 0.16, 0.16
"""Share of the uptake that is missing in the affected regions at mean severity, and more for each unit of it."""
OWN_PATTERN, FRONTAL_AGEING = 0.06, 0.04
"""Standard deviation of the logarithm of everyone's own pattern; share lost in front for each unit of ageing."""
FWHM_MM, COUNTS = 8.0, 250.0
"""Of the point-spread function; counts in a voxel of grey matter."""


def affected(at: F32) -> F32:
    """[...] in [0, 1]: where the template [3, ...] loses uptake: temporo-parietal cortex and posterior cingulate."""
    parietal = bump(at, (44, -48, 28), (26, 26, 24))
    temporal = bump(at, (52, -24, -14), (22, 34, 22))
    cingulate = bump(at, (0, -44, 26), (16, 22, 18))
    return np.maximum(np.maximum(parietal, temporal), cingulate)


def scan_pet(anatomy: Anatomy, subject: Subject, rng: np.random.Generator) -> F32:
    """[Z, Y, X] >= 0 in kBq/mL; the scale depends on dose and body and means nothing."""
    uptake = np.array([_UPTAKE[tissue] for tissue in Tissue], dtype=np.float32)
    activity = np.tensordot(uptake, anatomy.shares, axes=1)
    at = anatomy.template_mm
    activity *= 1 - (DEFICIT + DEFICIT_PER_SEVERITY * subject.severity) * affected(at)
    activity *= 1 - FRONTAL_AGEING * subject.ageing * bump(at, (0, 60, 20), (60, 40, 40))
    activity *= np.exp(np.float32(OWN_PATTERN) * smooth_noise(rng, 1)[0])
    counts = rng.poisson(COUNTS * blur(activity, FWHM_MM)).astype(np.float32)
    return np.asarray(np.float32(rng.uniform(12, 30) / COUNTS) * counts)
