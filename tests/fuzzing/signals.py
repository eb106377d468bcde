"""Signals over time, and rows of a table: audio, EEG, series, events, tabular."""

import gzip
import struct
from functools import partial

import made_eeg
import numpy as np
import test_event_read
import test_tabular_read

from fuzzing.case import Case, stored, under
from xmodal.modalities.audio.containers import _ogg_checksum, _page_length
from xmodal.modalities.audio.read import read_audio
from xmodal.modalities.eeg import read_recording
from xmodal.modalities.eeg.events import read_event_list
from xmodal.modalities.event.read import read_events
from xmodal.modalities.series.read import read_series
from xmodal.modalities.tabular.read import read_row

_VALUES = np.random.default_rng(0).normal(size=(30, 4))
_TIME_S = np.arange(2000) / 16_000
_STEREO = np.stack([0.4 * np.sin(2 * np.pi * 440 * _TIME_S), 0.2 * np.sin(6000 * _TIME_S)], 1).astype(np.float32)
_SOUNDS = (
    ("wav.pcm16", "WAV", "PCM_16"), ("wav.float", "WAV", "FLOAT"), ("wav.adpcm", "WAV", "IMA_ADPCM"),
    ("wav.extensible24", "WAVEX", "PCM_24"), ("flac", "FLAC", "PCM_16"),
    ("ogg.vorbis", "OGG", "VORBIS"), ("ogg.opus", "OGG", "OPUS"),
)  # fmt: skip


def _sound(path, kind, subtype):
    import soundfile

    soundfile.write(str(path), _STEREO, 16_000, format=kind, subtype=subtype)


def _resealed(data):
    """Ogg pages with a checksum that fits their damaged content, as far as the pages can still be told apart."""
    out, at = bytearray(data), 0
    while (at := data.find(b"OggS\0", at)) >= 0:
        try:
            length = _page_length("page", data, at)
        except Exception:
            break
        blank = bytes(out[at : at + 22]) + bytes(4) + bytes(out[at + 26 : at + length])
        out[at + 22 : at + 26] = struct.pack("<I", _ogg_checksum(blank))
        at += length
    return bytes(out)


def _bdf(path):
    """The EDF file without its annotations, three bytes a sample."""
    raw = made_eeg.write_edf(path, annotations=False).read_bytes()
    start = 256 * 4
    steps = np.frombuffer(raw[start:], "<i2").astype("<i4")
    head = b"\xffBIOSEMI" + raw[8:192] + b"24BIT".ljust(44) + raw[236:start]
    path.write_bytes(head + steps.view("u1").reshape(-1, 4)[:, :3].tobytes())


def _fif(path):
    import mne

    info = mne.create_info(["Fz", "Cz", "STI"], 100.0, ["eeg", "eeg", "stim"])
    data = np.random.default_rng(0).normal(0, 2e-5, (3, 100))
    data[2] = np.arange(100) // 40
    mne.io.RawArray(data, info, verbose="error").save(path, verbose="error")


def _event_list(path):
    import mne

    mne.write_events(path, np.array([[5, 0, 1], [20, 0, 2]]), verbose="error")


def _brainvision(suffix):
    def write(folder):
        return made_eeg.write_brainvision(folder / "a.vhdr").with_suffix(suffix)

    return write


def _eeglab(suffix, unpacked=False):
    def write(folder):
        path = made_eeg.write_eeglab(folder / "a.set", apart=suffix == ".fdt")
        if unpacked:
            from scipy.io import loadmat, savemat

            held = loadmat(path, struct_as_record=True)["EEG"]
            savemat(path, {"EEG": held}, appendmat=False, do_compression=False)
        return path.with_suffix(suffix)

    return write


def _mat(path, **storage):
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("data", data=_VALUES.T, **storage)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + path.read_bytes()[128:])


def _rows(sign):
    return "\n".join(sign.join(map(repr, row)) for row in [list("abcd"), *_VALUES.tolist()]).replace("'", "").encode()


def _recording_of(path):
    return read_recording(path.with_suffix(".vhdr"))


CASES = [
    *(
        Case(f"audio.{name}", under("a.sound", partial(_sound, kind=kind, subtype=subtype)), read_audio)
        for name, kind, subtype in _SOUNDS
    ),
    Case(
        "audio.ogg.resealed", under("a.ogg", partial(_sound, kind="OGG", subtype="VORBIS")), read_audio, pack=_resealed
    ),
    Case("eeg.edf", under("a.edf", made_eeg.write_edf), read_recording),
    Case("eeg.bdf", under("a.bdf", _bdf), read_recording),
    Case("eeg.gdf", under("a.gdf", made_eeg.write_gdf), read_recording),
    Case("eeg.brainvision.vhdr", _brainvision(".vhdr"), _recording_of),
    Case("eeg.brainvision.vmrk", _brainvision(".vmrk"), _recording_of),
    Case("eeg.brainvision.eeg", _brainvision(".eeg"), _recording_of),
    Case("eeg.eeglab.set", _eeglab(".set"), read_recording),
    Case("eeg.eeglab.set.unpacked", _eeglab(".set", unpacked=True), read_recording),
    Case("eeg.eeglab.fdt", _eeglab(".fdt"), lambda p: read_recording(p.with_suffix(".set"))),
    Case("eeg.fif", under("a_raw.fif", _fif), read_recording),
    Case("eeg.fif.gz", under("a_raw.fif.gz", _fif), read_recording),
    Case(
        "eeg.fif.gz.inside",
        under("a_raw.fif.gz", _fif),
        read_recording,
        gzip.decompress,
        partial(gzip.compress, compresslevel=1),
    ),
    Case("eeg.events.fif", under("a-eve.fif", _event_list), partial(read_event_list, rate_hz=100.0)),
    Case("series.csv", stored("a.csv", _rows(",")), read_series),
    Case("series.csv.columns", stored("a.csv", _rows(";")), partial(read_series, columns=["c", 0])),
    Case("series.npy", under("a.npy", lambda path: np.save(path, _VALUES)), read_series),
    Case("series.mat", under("a.mat", _mat), read_series),
    Case(
        "series.mat.gzip", under("a.mat", partial(_mat, chunks=(4, 7), compression="gzip", shuffle=True)), read_series
    ),
    *(
        Case(f"event.{kind}", under(f"a.{kind}", partial(test_event_read.table, kind=kind)), read_events)
        for kind in test_event_read.KINDS
    ),
    Case(
        "tabular.json",
        stored("a.json", test_tabular_read.JSON.encode()),
        partial(read_row, categories=test_tabular_read.SEX),
    ),
    Case(
        "tabular.csv",
        stored("a.csv", test_tabular_read.CSV.encode()),
        partial(read_row, categories=test_tabular_read.SEX),
    ),
]
"""Every format of a signal or a row."""
