"""Who a subject is: the causal chain from diagnosis to what each scanner can see of it.

diagnosis -> severity -> tracer uptake (PET sees the severity itself)
                      -> atrophy = correlation x severity + the rest of its own (MRI sees nothing but this)
age -> ventricles, sulci, frontal uptake; independent of the diagnosis, so it can only mislead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLASS_MEAN = 0.85
"""Mean severity is -0.85 in controls and +0.85 in patients, with variance 1 overall: where one class ends and the
other begins, 5 % are on the other side, as clinical diagnoses are on imaging."""
AGE_YEARS = (55.0, 90.0)


@dataclass(frozen=True, slots=True)
class Subject:
    """One simulated person.

    Attributes:
        label: number in `CLASSES`.
        severity, atrophy: mean 0 and variance 1 over the whole population.
        ageing: years from the population's middle age, in units of its standard deviation.
    """

    label: int
    severity: float
    atrophy: float
    age_years: float
    ageing: float


def draw_subject(rng: np.random.Generator, correlation: float) -> Subject:
    """Draw a person; `correlation` in [0, 1] is that of severity and atrophy over the population."""
    label = int(rng.random() < 0.5)
    mean = CLASS_MEAN if label else -CLASS_MEAN
    severity = mean + float(rng.normal()) * (1 - CLASS_MEAN**2) ** 0.5
    atrophy = correlation * severity + (1 - correlation**2) ** 0.5 * float(rng.normal())
    low, high = AGE_YEARS
    age = float(rng.uniform(low, high))
    return Subject(label, severity, atrophy, age, (age - (low + high) / 2) / ((high - low) / 12**0.5))
