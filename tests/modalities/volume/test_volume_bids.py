"""BIDS folders: what is found, what is paired, and what is refused."""

import json

import numpy as np
import pytest

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.volume import find_pairs, find_scans, read_pet, read_pet_json

FIELDS = {
    "TracerName": "FBB",
    "TracerRadionuclide": "F18",
    "Units": "Bq/mL",
    "InjectedRadioactivity": 300,
    "InjectedRadioactivityUnits": "MBq",
    "InjectionStart": 0,
    "FrameTimesStart": [5400, 5700],
    "FrameDuration": [300, 300],
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
}


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json.dumps(FIELDS).encode() if name.endswith("json") else b"")


def sidecar(tmp_path, **changes):
    fields = {name: value for name, value in {**FIELDS, **changes}.items() if value is not None}
    path = tmp_path / "sub-1_pet.json"
    path.write_text(json.dumps(fields))
    return path


def test_scans_are_found_with_and_without_sessions(tmp_path):
    touch(
        tmp_path,
        "sub-02/anat/sub-02_T1w.nii",
        "sub-01/ses-a/anat/sub-01_ses-a_acq-iso_run-1_T1w.nii.gz",
        "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
        "sub-01/ses-b/anat/sub-01_ses-b_T1w.nii.gz",
        "sub-01/ses-b/anat/sub-01_ses-b_T1w.json",
        "derivatives/sub-09/anat/sub-09_T1w.nii.gz",
    )
    found = find_scans(tmp_path, "T1w")
    assert [(s.subject, s.session) for s in found] == [("01", "a"), ("01", "b"), ("02", "")]
    assert found[0].entities == {"acq": "iso", "run": "1"}
    assert found[0].sidecar is None
    assert found[1].sidecar is not None
    assert found[1].sidecar.name == "sub-01_ses-b_T1w.json"


def test_pet_is_paired_with_the_mri_of_its_session(tmp_path):
    touch(
        tmp_path,
        "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz",
        "sub-01/ses-a/pet/sub-01_ses-a_trc-FBB_rec-acdyn_pet.nii.gz",
        "sub-01/ses-a/pet/sub-01_ses-a_trc-FBB_rec-acdyn_pet.json",
        "sub-01/ses-b/pet/sub-01_ses-b_pet.nii.gz",
        "sub-01/ses-b/pet/sub-01_ses-b_pet.json",
    )
    pairs = find_pairs(tmp_path)
    assert [(p.pet.session, p.mri and p.mri.session) for p in pairs] == [("a", "a"), ("b", None)]
    assert pairs[0].pet.entities == {"trc": "FBB", "rec": "acdyn"}
    touch(tmp_path, "sub-01/ses-a/anat/sub-01_ses-a_run-2_T1w.nii.gz")
    with pytest.raises(DataError, match="expected one in its session"):
        find_pairs(tmp_path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["sub-01/pet/sub-01_pet.nii.gz"], r"its companion sub-01_pet\.json beside it, found no such file"),
        (["sub-01/pet/sub-01_pet.json"], r"expected sub-01_pet\.nii\.gz beside it, found no image"),
        (["sub-01/pet/sub-02_pet.nii.gz"], "expected sub-01 and no session in its name"),
        (["sub-01/ses-a/pet/sub-01_pet.nii.gz"], "expected sub-01 and ses-a in its name"),
        (["sub-01/pet/sub-01_run-1_run-2_pet.nii.gz"], "each key once"),
        (["sub-01/pet/sub-01_tracer_pet.nii.gz"], "key-label"),
        (["sub-01/pet/sub-01_pet.nii.gz", "sub-01/pet/sub-01_pet.nii"], "found both"),
        (["anat/T1w.nii.gz"], r"folders sub-\*"),
    ],
)
def test_a_layout_that_breaks_the_rules_is_refused(tmp_path, names, message):
    touch(tmp_path, *names)
    with pytest.raises(DataError, match=message):
        find_scans(tmp_path, "pet")


def test_an_unknown_suffix_is_named(tmp_path):
    with pytest.raises(DataError, match="bold"):
        find_scans(tmp_path, "bold")


def test_the_sidecar_is_read_into_si_units(tmp_path):
    info = read_pet_json(sidecar(tmp_path, InjectedRadioactivity=10, InjectedRadioactivityUnits="mCi"))
    assert info.dose_bq == pytest.approx(370e6)
    assert info.half_life_s == pytest.approx(6586.2)
    assert info.frame_start_s == (5400.0, 5700.0)
    assert info.corrected_to_s == 0.0
    assert read_pet_json(sidecar(tmp_path, ImageDecayCorrected=False)).corrected_to_s is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({name: None}, f"{name}: expected .*, found no such field") for name in FIELDS),
        ({"Units": "counts"}, "Units: expected one of Bq/mL"),
        ({"TracerRadionuclide": "Xx99"}, "TracerRadionuclide"),
        ({"InjectedRadioactivity": "300"}, "InjectedRadioactivity: expected a finite number, found '300'"),
        ({"InjectedRadioactivity": True}, "InjectedRadioactivity"),
        ({"InjectedRadioactivity": 0}, "a dose above 0"),
        ({"InjectedRadioactivity": float("nan")}, "InjectedRadioactivity"),
        ({"InjectedRadioactivityUnits": "Sv"}, "InjectedRadioactivityUnits"),
        ({"ImageDecayCorrected": 1}, "true or false"),
        ({"FrameTimesStart": [0, "a"]}, "FrameTimesStart"),
        ({"FrameTimesStart": []}, "FrameTimesStart"),
        ({"FrameTimesStart": [5700, 5400]}, "rising seconds"),
        ({"FrameDuration": [300]}, "one item a frame in both, found 2 and 1"),
        ({"FrameDuration": [300, 0]}, "seconds above 0"),
        ({"InjectionStart": 1e11}, "InjectionStart: expected at most"),
        ({"InjectionStart": 10**400}, "InjectionStart: expected a finite number"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read_pet_json(sidecar(tmp_path, **changes))


def test_what_is_no_json_object_is_refused(tmp_path):
    path = tmp_path / "x_pet.json"
    for content, message in (
        (b"", "no JSON"),
        (b"[1]", "a JSON list"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 10**5, "no JSON"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_pet_json(path)
    with pytest.raises(DataError, match="no such file"):
        read_pet_json(tmp_path / "none.json")


def test_damaged_sidecars_give_data_or_a_data_error(tmp_path):
    assert survive(read_pet_json, sidecar(tmp_path), 200) > 50


def test_a_pet_image_is_read_with_its_sidecar(tmp_path):
    nib = pytest.importorskip("nibabel")
    touch(tmp_path, "sub-1/pet/sub-1_pet.nii.gz")
    folder = tmp_path / "sub-1" / "pet"
    sidecar(folder, FrameDuration=[100, 300])
    frames = np.stack([np.full((3, 4, 5), value, np.float32) for value in (10, 30)], -1)
    nib.save(nib.Nifti1Image(frames, np.eye(4)), folder / "sub-1_pet.nii.gz")
    (scan,) = find_scans(tmp_path, "pet")
    mean, info = read_pet(scan, frame="mean")
    assert mean.units == info.units == "Bq/mL"
    assert mean.data.unique().tolist() == [25.0]
    assert read_pet(scan, frame=1)[0].data.unique().tolist() == [30.0]
    sidecar(folder, FrameTimesStart=[0], FrameDuration=[1])
    with pytest.raises(DataError, match="expected 1 frames, as FrameTimesStart, found 2"):
        read_pet(scan, frame=0)
