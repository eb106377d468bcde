"""Files written by hand from each format's description: right values when whole, good errors when damaged."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import made_eeg
import numpy as np
import pytest

from fuzz import survive
from xmodal.errors import DataError
from xmodal.modalities.eeg import read_recording

mne = pytest.importorskip("mne", reason="needs the extra eeg")

WRITERS: dict[str, Callable[[Path], Path]] = {
    "a.edf": made_eeg.write_edf,
    "a.gdf": made_eeg.write_gdf,
    "a.vhdr": made_eeg.write_brainvision,
    "a.set": made_eeg.write_eeglab,
}


def written(folder: Path, name: str) -> Path:
    return WRITERS[name](folder / name)


def test_edf_values_and_annotations_by_the_formula(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path, "a.edf"))
    assert recording.channels == ("EEG Fp1", "T3")  # degrees are no volts
    assert recording.rate_hz == made_eeg.RATE
    np.testing.assert_allclose(recording.data.numpy(), made_eeg.wanted_uv(), rtol=1e-6, atol=1e-3)
    (event,) = recording.events
    assert (event.onset_s, event.duration_s, event.description) == (1.5, 0.25, "eyes closed")


def test_gdf_values_and_events_by_the_formula(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path, "a.gdf"))
    assert recording.channels == ("EEG Fp1", "T3")
    np.testing.assert_allclose(recording.data.numpy(), made_eeg.wanted_uv(), rtol=1e-6, atol=1e-3)
    (event,) = recording.events
    assert (event.onset_s, event.duration_s, event.description) == (0.5, 0.2, "769")


def test_brainvision_values_and_markers(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path, "a.vhdr"))
    np.testing.assert_allclose(recording.data.numpy(), made_eeg.STEPS[:2] * 0.5, rtol=1e-6)
    (event,) = recording.events
    assert (event.onset_s, event.duration_s, event.description) == (0.2, 0.1, "Stimulus/S  7")


@pytest.mark.parametrize("apart", [False, True])
def test_eeglab_values_and_events(tmp_path: Path, apart: bool) -> None:
    recording = read_recording(made_eeg.write_eeglab(tmp_path / "a.set", apart=apart))
    assert recording.channels == ("Fp1", "T3")
    np.testing.assert_allclose(recording.data.numpy(), made_eeg.STEPS[:2] / 100, rtol=1e-6)
    (event,) = recording.events
    assert (event.onset_s, event.duration_s, event.description) == (1.0, 0.1, "go")


def test_a_missing_or_short_fdt_is_named(tmp_path: Path) -> None:
    path = made_eeg.write_eeglab(tmp_path / "a.set", apart=True)
    data = path.with_suffix(".fdt")
    data.write_bytes(data.read_bytes()[:-400])
    with pytest.raises(DataError, match=r"a\.fdt: expected 1600 bytes for 2 channels x 200 samples, found 1200"):
        read_recording(path)
    data.unlink()
    with pytest.raises(DataError, match=r"expected the companion file 'a\.fdt' beside it, found no such file"):
        read_recording(path)


def edited(path: Path, at: int, new: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + len(new)] = new
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize(
    ("name", "at", "new", "message"),
    [
        ("a.edf", 0, b"1       ", r"expected b'0       ' at its start"),
        ("a.edf", 252, b"9999", r"bytes in header: expected 2560000 for 9999 signals, found 1280"),
        ("a.edf", 236, b"5       ", r"data records: expected 5 of 340 bytes each, found 1360 bytes"),
        ("a.edf", 244, b"0       ", r"duration of a record: expected a positive number of seconds, found 0"),
        ("a.edf", 192, b"EDF+D", r"expected a continuous recording, found one with gaps"),
        ("a.edf", 256 + 4 * 104, b"400     ", r"physical range of signal 1: expected a minimum below the maximum"),
        ("a.edf", 256 + 4 * 216, b"nan     ", r"samples of signal 1: expected a whole number"),
        ("a.gdf", 0, b"GDF 9.99", r"'GDF 1.xx' or 'GDF 2.xx' at its start"),
        ("a.gdf", 252, b"\xff\xff", r"bytes in header: expected room for 65535 signals"),
        ("a.gdf", 236, struct.pack("<q", 2**40), r"data records: expected \d+ bytes, found \d+: the file is cut off"),
        ("a.gdf", 256 + 2 * 220, struct.pack("<i", 99), r"number type of signal 1: expected \[1, 2"),
        ("a.gdf", 768 + 800 + 1, b"\xff\xff\xff", r"event table: expected \d+ bytes for 16777215 events, found 20"),
        ("a.set", 0, b"matlab", r"the header of a MATLAB 5 or 7\.3 file"),
        ("a.set", 132, struct.pack("<I", 2**31), r"a known type inside what holds it, found type 15 with 2147483648"),
    ],
)
def test_headers_that_cannot_be_true_are_refused(tmp_path: Path, name: str, at: int, new: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_recording(edited(written(tmp_path, name), at, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NumberOfChannels=2", "NumberOfChannels=3", r"\[Channel Infos\]: expected Ch1 to Ch3, found no Ch3"),
        ("NumberOfChannels=2", "NumberOfChannels=-2", r"NumberOfChannels: expected a positive whole number"),
        ("SamplingInterval=20000", "SamplingInterval=nan", r"SamplingInterval: expected a positive number of micro"),
        ("Ch2=T3,,0.5", "Ch2=T3,,inf", r"resolution of Ch2: expected a positive number, found 'inf'"),
        ("INT_16", "INT_99", r"BinaryFormat: expected one of"),
        ("[Channel Infos]", "[Channel Infos", r"found a line that is neither|expected Ch1 to Ch2"),
    ],
)
def test_brainvision_headers_that_cannot_be_true_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = written(tmp_path, "a.vhdr")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_recording(path)


def test_a_cut_brainvision_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.vhdr")
    data = path.with_suffix(".eeg")
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"a\.eeg: expected a positive multiple of 4 bytes .* found 799"):
        read_recording(path)


def test_an_open_edf_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = edited(written(tmp_path, "a.edf"), 236, b"-1      ")
    assert read_recording(path).data.shape == (2, made_eeg.RATE * made_eeg.RECORDS)


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_give_data_or_a_good_error(tmp_path: Path, name: str) -> None:
    assert survive(read_recording, written(tmp_path, name), count=200) > 40


def test_damaged_companions_give_data_or_a_good_error(tmp_path: Path) -> None:
    path = written(tmp_path, "a.vhdr")
    markers = path.with_suffix(".vmrk")
    path.write_text(path.read_text(encoding="utf-8").replace("=a.vmrk", "=damaged-a.vmrk"), encoding="utf-8")
    assert survive(lambda _: read_recording(path), markers, count=200) > 40


def small_fif(path: Path) -> Path:
    info = mne.create_info(["Fz", "Cz"], 100.0, "eeg")
    mne.io.RawArray(np.random.default_rng(0).normal(0, 2e-5, (2, 200)), info, verbose="error").save(
        path, verbose="error"
    )
    return path


def test_damaged_fif_gives_data_or_a_good_error(tmp_path: Path) -> None:
    assert survive(read_recording, small_fif(tmp_path / "a_raw.fif"), count=200) > 40


def test_fif_tags_that_leave_the_file_or_turn_back_are_refused(tmp_path: Path) -> None:
    path = small_fif(tmp_path / "a_raw.fif")
    with pytest.raises(DataError, match=r"tag 100 at byte 0: expected the next tag at byte 36 or later, found 4"):
        read_recording(edited(path, 12, struct.pack(">i", 4)))
    path = small_fif(tmp_path / "b_raw.fif")
    with pytest.raises(DataError, match=r"tag \d+ at byte 36: expected content inside the file"):
        read_recording(edited(path, 44, struct.pack(">i", 2**30)))


def test_a_broken_gzip_stream_is_refused(tmp_path: Path) -> None:
    path = small_fif(tmp_path / "a_raw.fif")
    packed = tmp_path / "b_raw.fif.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-20])
    with pytest.raises(DataError, match="expected a complete gzip stream"):
        read_recording(packed)
