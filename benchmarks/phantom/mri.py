"""The MRI scanner: T1-weighted contrast, a smooth bias field, Rician noise."""

from __future__ import annotations

import numpy as np

from xmodal.benchmarks.phantom.anatomy import Anatomy
from xmodal.benchmarks.phantom.fields import smooth_noise
from xmodal.benchmarks.phantom.spec import F32, Tissue

_T1 = {Tissue.AIR: 0.0, Tissue.SOFT: 0.8, Tissue.BONE: 0.12, Tissue.CSF: 0.22, Tissue.GREY: 0.6, Tissue.WHITE: 0.9}
BIAS, NOISE, CONTRAST = 0.05, 0.03, 0.03
"""Standard deviations: of the logarithm of the bias field, of the noise, of each tissue's signal between scans."""


def scan_mri(anatomy: Anatomy, rng: np.random.Generator) -> F32:
    """[Z, Y, X] >= 0 in arbitrary units, which differ from scan to scan."""
    signal = np.array([_T1[tissue] for tissue in Tissue])
    signal = (signal * np.exp(CONTRAST * rng.normal(size=len(Tissue)))).astype(np.float32)
    clean = np.tensordot(signal, anatomy.shares, axes=1)
    clean *= np.exp(np.float32(BIAS) * smooth_noise(rng, 1)[0])
    real, imaginary = NOISE * rng.standard_normal((2, *clean.shape), dtype=np.float32)
    gain = np.float32(rng.uniform(300, 900))
    return np.asarray(gain * np.hypot(clean + real, imaginary))
