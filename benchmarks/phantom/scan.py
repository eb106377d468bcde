"""One subject as a Sample: both scans of one anatomy on one grid, normalised as clinics do."""

from __future__ import annotations

import numpy as np
import torch

from xmodal.benchmarks.phantom.anatomy import make_anatomy
from xmodal.benchmarks.phantom.mri import scan_mri
from xmodal.benchmarks.phantom.pet import scan_pet
from xmodal.benchmarks.phantom.spec import CLASSES, F32, Bool, affine
from xmodal.benchmarks.phantom.subject import draw_subject
from xmodal.data.sample import Sample
from xmodal.modalities.volume import Volume, suvr, volume_sample, zscore


def make_sample(seed: int, number: int, correlation: float) -> Sample:
    """Simulate subject `number` of the world `seed`.

    Returns:
        entries "volume/mri" (z-score inside the skull, 0 outside) and "volume/pet" (SUVR to the cerebellum), float32
        [1, Z, Y, X]; labels "diagnosis", a class number; meta affine, units, classes, age_years, severity, atrophy.
    """
    person, shape, mri, pet = (np.random.default_rng(s) for s in np.random.SeedSequence([seed, number]).spawn(4))
    subject = draw_subject(person, correlation)
    anatomy = make_anatomy(subject, shape)
    volumes = {
        "volume/mri": zscore(_volume(scan_mri(anatomy, mri), ""), _volume(anatomy.brain, "")),
        "volume/pet": suvr(_volume(scan_pet(anatomy, subject, pet), "kBq/mL"), _volume(anatomy.reference, "")),
    }
    sample = volume_sample(f"phantom{number:07d}", volumes, {"diagnosis": torch.tensor(subject.label)})
    more = {
        "classes": {"diagnosis": CLASSES},
        "age_years": round(subject.age_years, 1),
        "severity": subject.severity,
        "atrophy": subject.atrophy,
    }
    return Sample(sample.key, sample.entries, labels=sample.labels, meta={**sample.meta, **more})


def _volume(values: F32 | Bool, units: str) -> Volume:
    return Volume(torch.from_numpy(values.astype(np.float32))[None], affine(), units)
