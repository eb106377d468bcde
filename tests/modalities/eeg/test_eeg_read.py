"""Readers on real files: they agree with mne, in microvolts, channels first."""

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from xmodal.errors import DataError
from xmodal.modalities.eeg import EEGConv, read_event_list, read_recording
from xmodal.modalities.eeg.events import trigger_events

mne = pytest.importorskip("mne", reason="needs the extra eeg")

SSVEP = "ssvep-exo/subject01/record-[2012.07.06-19.02.16]"
REAL = {
    "eeg-formats/test.edf": (138, 3072, 512.0),
    "eeg-formats/test.bdf": (72, 2048, 2048.0),
    "eeg-formats/test.vhdr": (26, 7900, 1000.0),
    f"{SSVEP}.gdf": (8, 57024, 256.0),
    f"{SSVEP}_raw.fif": (8, 57024, 256.0),
}


def with_mne(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mne.io.read_raw(path, preload=True, verbose="error")


@pytest.mark.parametrize("name", REAL)
def test_real_files_agree_with_mne_in_microvolts(data_root: Path, name: str) -> None:
    recording, raw = read_recording(data_root / name), with_mne(data_root / name)
    channels, samples, rate = REAL[name]
    assert recording.data.shape == (channels, samples)
    assert recording.rate_hz == rate
    assert recording.channels == tuple(raw.copy().pick("eeg").ch_names)
    wanted = raw.get_data("eeg", units="uV").astype(np.float32)
    np.testing.assert_allclose(recording.data.numpy(), wanted, rtol=2e-7, atol=0)
    assert torch.equal(EEGConv.read(data_root / name), recording.data)


@pytest.mark.parametrize("name", REAL)
def test_annotations_agree_with_mne(data_root: Path, name: str) -> None:
    recording, raw = read_recording(data_root / name), with_mne(data_root / name)
    told = [(e.onset_s, e.duration_s, e.description) for e in recording.events]
    for wanted in raw.annotations:
        assert (wanted["onset"], wanted["duration"], wanted["description"]) in told
    assert [e.onset_s for e in recording.events] == sorted(e.onset_s for e in recording.events)


def test_bdf_triggers_agree_with_mne(data_root: Path) -> None:
    path = data_root / "eeg-formats/test.bdf"
    found = mne.find_events(with_mne(path), mask=0xFFFF, mask_type="and", consecutive=True, verbose="error")
    events = read_recording(path).events
    assert len(found) == len(events) == 1
    assert [(round(e.onset_s * 2048), int(e.description)) for e in events] == [tuple(row[[0, 2]]) for row in found]


def test_biosemi_samples_by_hand(data_root: Path) -> None:
    """24-bit little-endian integers with the gain of the header, 1/32 microvolt a step."""
    raw = (data_root / "eeg-formats/test.bdf").read_bytes()
    first = raw[256 * 74 : 256 * 74 + 2048 * 3]
    steps = [int.from_bytes(first[i : i + 3], "little", signed=True) for i in range(0, len(first), 3)]
    gain = 2 * 262143 / (2 * 8388607)
    data = read_recording(data_root / "eeg-formats/test.bdf").data[0].double().numpy()
    slope, offset = np.polyfit(steps, data, 1)
    assert slope == pytest.approx(gain, rel=1e-4)
    assert abs(offset) < 1


def test_the_two_ssvep_files_hold_the_same_signal_in_other_units(data_root: Path) -> None:
    gdf, fif = (read_recording(data_root / f"{SSVEP}{end}").data for end in (".gdf", "_raw.fif"))
    torch.testing.assert_close(gdf * 1e6, fif, rtol=1e-5, atol=1e-2)


def test_event_lists_match_the_annotations_of_the_gdf(data_root: Path) -> None:
    listed = read_event_list(data_root / f"{SSVEP}-eve.fif", 256.0)
    starts = [e.onset_s for e in read_recording(data_root / f"{SSVEP}.gdf").events if e.description == "32779"]
    assert len(listed) == 32
    assert {e.description for e in listed} == {"1", "2", "3", "4"}
    assert np.abs(np.array([e.onset_s for e in listed]) - starts).max() < 0.01


def test_trigger_codes_last_until_the_next_change() -> None:
    codes = np.array([7, 7, 0, 0, 5, 5, 9, 0, 3])
    events = trigger_events(codes, rate_hz=2.0)
    assert [(e.onset_s, e.duration_s, e.description) for e in events] == [
        (2.0, 1.0, "5"),
        (3.0, 0.5, "9"),
        (4.0, 0.5, "3"),
    ]


def saved_fif(folder: Path, name: str = "made_raw.fif") -> Path:
    info = mne.create_info(["Fz", "Cz", "Pz", "STI"], 100.0, ["eeg", "eeg", "eeg", "stim"])
    data = np.vstack([np.random.default_rng(0).normal(0, 2e-5, (3, 500)), np.repeat([0, 4, 0, 0, 0], 100)])
    raw = mne.io.RawArray(data, info, first_samp=250, verbose="error")
    raw.set_meas_date(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw.set_montage("colin27_1020", on_missing="ignore", verbose="error")
    raw.set_annotations(mne.Annotations([3.5], [0.5], ["blink"], orig_time=raw.info["meas_date"]))
    raw.save(folder / name, verbose="error")
    return folder / name


@pytest.mark.parametrize("name", ["made_raw.fif", "made_raw.fif.gz"])
def test_fif_gives_places_and_events_from_the_first_stored_sample(tmp_path: Path, name: str) -> None:
    recording = read_recording(saved_fif(tmp_path, name))
    assert recording.channels == ("Fz", "Cz", "Pz")
    assert recording.positions_m is not None
    x, y, z = recording.positions_m.unbind(1)
    assert x.abs().max() < 0.01
    assert y[0] > y[1] > y[2]
    assert z.min() > 0.05
    assert [(round(e.onset_s, 6), e.duration_s, e.description) for e in recording.events] == [
        (1.0, 0.5, "blink"),
        (1.0, 1.0, "4"),
    ]


def test_a_missing_companion_is_named(data_root: Path, tmp_path: Path) -> None:
    for name in ("test.vhdr", "test.vmrk", "test.eeg"):
        shutil.copyfile(data_root / "eeg-formats" / name, tmp_path / name)
    (tmp_path / "test.vmrk").unlink()
    with pytest.raises(DataError, match=r"MarkerFile: expected the companion file 'test\.vmrk' beside it"):
        read_recording(tmp_path / "test.vhdr")
    (tmp_path / "test.eeg").unlink()
    with pytest.raises(DataError, match=r"DataFile: expected the companion file 'test\.eeg'"):
        read_recording(tmp_path / "test.vhdr")


def test_missing_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_recording(tmp_path / "a.edf")
    (tmp_path / "a.edf").write_bytes(b"")
    with pytest.raises(DataError, match="an empty file"):
        read_recording(tmp_path / "a.edf")
    with pytest.raises(DataError, match=r"suffix '\.csv'"):
        read_recording(tmp_path / "a.csv")


def test_reading_leaves_mne_and_warnings_as_they_were(data_root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before, level = list(warnings.filters), mne.utils.logger.level
    read_recording(data_root / "eeg-formats/test.vhdr")
    assert list(warnings.filters) == before
    assert mne.utils.logger.level == level
    assert capfd.readouterr() == ("", "")
