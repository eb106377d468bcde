"""The causal chain: what each scanner can and cannot see."""

from dataclasses import replace

import numpy as np
import pytest

from xmodal.benchmarks.phantom.anatomy import Anatomy, make_anatomy, temporo_parietal
from xmodal.benchmarks.phantom.mri import scan_mri
from xmodal.benchmarks.phantom.pet import affected, scan_pet
from xmodal.benchmarks.phantom.spec import Tissue
from xmodal.benchmarks.phantom.subject import Subject, draw_subject

MIDDLE = Subject(label=0, severity=0.0, atrophy=0.0, age_years=72.5, ageing=0.0)


def anatomy(**changes: float) -> Anatomy:
    return make_anatomy(replace(MIDDLE, **changes), np.random.default_rng(5))


def pet(**changes: float) -> np.ndarray:
    return scan_pet(anatomy(), replace(MIDDLE, **changes), np.random.default_rng(6))


@pytest.mark.parametrize("correlation", [0.3, 0.8])
def test_the_latents_have_the_stated_moments(correlation: float) -> None:
    rng = np.random.default_rng(0)
    people = [draw_subject(rng, correlation) for _ in range(6000)]
    table = np.array([[p.severity, p.atrophy, p.ageing, p.label] for p in people]).T
    found = np.corrcoef(table)
    np.testing.assert_allclose(table[:3].var(1), 1, rtol=0.06)
    assert found[0, 1] == pytest.approx(correlation, abs=0.03)
    assert abs(found[2, [0, 1, 3]]).max() < 0.04, "age must tell nothing of the disease"
    assert ((table[0] > 0) == table[3]).mean() == pytest.approx(0.947, abs=0.012)


def test_tissue_shares_are_shares() -> None:
    shares = anatomy().shares
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)
    assert shares.min() >= 0
    litres = shares.sum((1, 2, 3)) * 0.006**3 * 1000
    assert 0.3 < litres[Tissue.GREY] < 1.1
    assert 0.3 < litres[Tissue.WHITE] < 1.1


def test_the_mri_sees_nothing_of_severity_but_its_atrophy() -> None:
    mild, severe = (scan_mri(anatomy(severity=s), np.random.default_rng(1)) for s in (-1.0, 1.0))
    np.testing.assert_array_equal(mild, severe)


def test_atrophy_turns_grey_matter_into_fluid_in_its_regions_only() -> None:
    before, after = anatomy(), anatomy(atrophy=1.0)
    change = after.shares - before.shares
    fluid = change[Tissue.CSF]
    assert change[Tissue.GREY].sum() < 0 < fluid.sum()
    at = before.template_mm
    hippocampus = (abs(abs(at[0]) - 27) < 6) & (abs(at[1] + 10) < 12) & (abs(at[2] + 21) < 6)
    assert fluid[hippocampus].mean() > 0.03
    middle = (abs(at[0]) < 24) & (at[2] > -5) & (at[2] < 40)  # the ventricles
    elsewhere = (temporo_parietal(at) < 0.02) & ~middle & (at[2] > 0)
    assert elsewhere.sum() > 1000
    assert np.abs(change[:, elsewhere]).max() < 0.02


def test_ageing_widens_ventricles_and_sulci_too() -> None:
    young, old = anatomy(ageing=-1.0), anatomy(ageing=1.0)
    at = young.template_mm
    ventricles = (abs(at[0]) < 24) & (abs(at[1] + 4) < 40) & (abs(at[2] - 20) < 14)
    gained = (old.shares - young.shares)[Tissue.CSF]
    assert gained[ventricles].sum() > 3
    assert gained[~ventricles].sum() > 30


def test_severity_lowers_the_uptake_where_it_should() -> None:
    ratio = blurless(1.0) / blurless(0.0)
    at = anatomy().template_mm
    inside = anatomy().shares[Tissue.GREY] > 0.8
    assert ratio[inside & (affected(at) > 0.8)].mean() == pytest.approx(0.82, abs=0.04)
    assert ratio[inside & (affected(at) < 0.01)].mean() == pytest.approx(1, abs=0.03)


def blurless(severity: float) -> np.ndarray:
    """The mean of some scans, so that counting noise does not matter."""
    scans = [scan_pet(anatomy(), replace(MIDDLE, severity=severity), np.random.default_rng(seed)) for seed in range(12)]
    return np.mean([scan / scan[anatomy().reference].mean() for scan in scans], axis=0) + 1e-6


def test_pet_counts() -> None:
    """Every value is a whole number of counts, and their variance is their mean."""
    scan = pet()
    unit = scan[scan > 0].min()
    np.testing.assert_allclose(scan / unit, np.round(scan / unit), atol=2e-3)
    twice = np.stack([pet_with_noise(seed) for seed in range(40)])
    solid = twice.mean(0) > 100
    assert (twice.var(0, ddof=1)[solid] / twice.mean(0)[solid]).mean() == pytest.approx(1, abs=0.05)


def pet_with_noise(seed: int) -> np.ndarray:
    """Counts of one head whose own pattern is the same each time, while the noise is not."""

    class Once(np.random.Generator):
        def poisson(self, lam: np.ndarray) -> np.ndarray:  # type: ignore[override]
            return np.random.default_rng(seed).poisson(lam)

    scan = scan_pet(anatomy(), MIDDLE, Once(np.random.PCG64(6)))
    return np.round(scan / scan[scan > 0].min())


def test_the_noise_of_air_in_the_mri_is_rayleighs() -> None:
    head = anatomy()
    scan = scan_mri(head, np.random.default_rng(2))
    air = scan[head.shares[Tissue.AIR] == 1]
    assert air.mean() / air.std() == pytest.approx(1.913, rel=0.08)


def test_two_subjects_differ_in_shape() -> None:
    one, other = (make_anatomy(MIDDLE, np.random.default_rng(seed)) for seed in (1, 2))
    assert np.abs(one.shares - other.shares).max() > 0.5
