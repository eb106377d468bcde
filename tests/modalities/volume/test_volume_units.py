"""SUV, SUVR, z-score and windows against computations by hand; units are asserted."""

from dataclasses import replace

import pytest
import torch

from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.volume import PetInfo, Volume, suv, suvr, volume_sample, window, zscore
from xmodal.modalities.volume.normalise import Window, ZScore
from xmodal.modalities.volume.suv import suv_factor

EYE = torch.eye(4, dtype=torch.float64)
HALF_LIFE_S = 6586.2
INFO = PetInfo("FDG", HALF_LIFE_S, "Bq/mL", 370e6, 0.0, (3600.0,), (600.0,), corrected_to_s=0.0)


def volume(values, units=""):
    return Volume(torch.tensor(values, dtype=torch.float32).view(1, 1, 1, -1), EYE, units=units)


def test_suv_of_an_image_corrected_to_the_injection():
    # 5286 Bq/mL * 70 000 g / 370 000 000 Bq
    out = suv(volume([5286.0, 0.0], "Bq/mL"), INFO, weight_kg=70)
    assert out.data.flatten().tolist() == pytest.approx([1.000054, 0.0], abs=1e-6)
    assert out.units == "SUV"


def test_suv_of_an_image_corrected_to_the_scan_divides_by_the_dose_that_is_left():
    # After exactly two half-lives a quarter of the dose is left, so that the same activity is four times the uptake.
    later = replace(INFO, corrected_to_s=2 * HALF_LIFE_S)
    assert suv_factor(later, 70) == pytest.approx(4 * suv_factor(INFO, 70))
    # Injected an hour after TimeZero: 3600 s less to decay.
    injected = replace(later, dose_time_s=3600.0)
    assert suv_factor(injected, 70) == pytest.approx(4 * suv_factor(INFO, 70) * 0.5 ** (3600 / HALF_LIFE_S))


def test_suv_of_an_uncorrected_frame_follows_the_decay_during_the_frame():
    info = replace(INFO, corrected_to_s=None)
    # A patient in whom nothing but physics happens: SUV 1 everywhere means activity = dose left / weight.
    steps = (torch.arange(100_000, dtype=torch.float64) + 0.5) * (600 / 100_000) + 3600
    activity = float((370e6 * 0.5 ** (steps / HALF_LIFE_S)).mean() / 70_000)
    out = suv(volume([activity], "Bq/mL"), info, weight_kg=70)
    assert float(out.data) == pytest.approx(1.0, rel=1e-6)
    two = replace(info, frame_start_s=(3600.0, 4200.0), frame_duration_s=(600.0, 600.0))
    with pytest.raises(DataError, match="frame: expected a number below 2"):
        suv_factor(two, 70)
    assert suv_factor(two, 70, frame=1) == pytest.approx(suv_factor(two, 70, frame=0) * 2 ** (600 / HALF_LIFE_S))


def test_kilobecquerels_are_a_thousand_becquerels():
    kilo = replace(INFO, units="kBq/mL")
    assert suv_factor(kilo, 70) == pytest.approx(1000 * suv_factor(INFO, 70))


def test_suv_asserts_units_and_weight():
    with pytest.raises(DataError, match=r"units of the volume for SUV: expected one of \('Bq/mL',\), found ''"):
        suv(volume([1.0]), INFO, weight_kg=70)
    for weight in (0, -70, 70_000, float("nan")):
        with pytest.raises(DataError, match="weight_kg"):
            suv(volume([1.0], "Bq/mL"), INFO, weight_kg=weight)


def test_suvr_divides_by_the_mean_of_the_reference_region():
    pet, region = volume([2.0, 4.0, 9.0], "SUV"), volume([1.0, 1.0, 0.0])
    out = suvr(pet, region)
    assert out.data.flatten().tolist() == pytest.approx([2 / 3, 4 / 3, 3.0])
    assert out.units == "SUVR"
    twice = suvr(pet.with_data(pet.data * 1000, "Bq/mL"), region)
    assert torch.allclose(out.data, twice.data)


def test_suvr_refuses_other_grids_units_and_empty_regions():
    pet = volume([2.0, 4.0], "SUV")
    with pytest.raises(DataError, match="0 voxels"):
        suvr(pet, volume([0.0, 0.0]))
    with pytest.raises(DataError, match="mean -3"):
        suvr(pet.with_data(-pet.data, "SUV"), volume([1.0, 1.0]))
    with pytest.raises(DataError, match="found 'z'"):
        suvr(pet.with_data(pet.data, "z"), volume([1.0, 1.0]))
    with pytest.raises(DataError, match="one grid"):
        suvr(pet, replace(volume([1.0, 1.0]), affine=EYE * 2))


def test_zscore_inside_a_mask_and_inside_what_is_not_zero():
    mri = volume([0.0, 2.0, 4.0, 100.0])
    out = zscore(mri, mask=volume([0.0, 1.0, 1.0, 0.0]))
    assert out.data.flatten().tolist() == [0, -1, 1, 0]
    inside = zscore(mri).data.flatten()[1:]
    assert float(inside.mean()) == pytest.approx(0, abs=1e-6)
    assert float(inside.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert (out.units, float(zscore(mri).data[..., 0])) == ("z", 0.0)
    for flat in (volume([0.0, 0.0]), volume([0.0, 3.0]), volume([3.0, 3.0])):
        with pytest.raises(DataError, match="voxels that differ"):
            zscore(flat)


def test_a_window_needs_hounsfield_units():
    ct = volume([-1000.0, -160.0, 40.0, 240.0, 3000.0], "HU")
    assert window(ct).data.flatten().tolist() == [0, 0, 0.5, 1, 1]
    with pytest.raises(DataError, match="expected one of \\('HU',\\)"):
        window(volume([1.0]))
    with pytest.raises(ConfigError, match="low < high"):
        window(ct, 10, 10)


def test_the_pipeline_steps_equal_the_functions_and_replay():
    mri = Volume(torch.rand(1, 4, 5, 6) + 1, EYE)
    sample = volume_sample("s", {"volume": mri})
    out, params = ZScore()(sample)
    assert torch.equal(out.entries["volume"], zscore(mri).data)
    assert out.meta["units"]["volume"] == "z"
    assert torch.equal(ZScore()(sample, params)[0].entries["volume"], out.entries["volume"])
    ct = Sample("s", {"volume": torch.tensor([-200.0, 40.0]).view(1, 1, 1, 2)})
    assert Window()(ct)[0].entries["volume"].flatten().tolist() == [0, 0.5]
