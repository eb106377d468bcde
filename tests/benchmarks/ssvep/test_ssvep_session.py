"""One session: the right windows on the right labels, and every broken input named."""

import numpy as np
import pytest
import torch

from xmodal.benchmarks.ssvep.layout import sessions
from xmodal.benchmarks.ssvep.picture import line_over_background, picture
from xmodal.benchmarks.ssvep.session import CHANNELS, CLASSES, Cuts, read_session
from xmodal.data.sample import Sample
from xmodal.errors import DataError


def only_session(root):
    (session,) = sessions(root)
    return session


def test_every_window_holds_the_flicker_of_its_label(ssvep_root):
    found = set()
    for trial in read_session(sessions(ssvep_root)[0], Cuts()):
        assert len(trial) == 5
        for window in trial:
            kind = CLASSES[int(window.labels["stimulus"])]
            signal = window.entries["eeg"].double().numpy()
            strength = {hz: line_over_background(signal, hz).mean() for hz in (13.0, 17.0, 21.0)}
            best = max(strength, key=strength.get)
            assert (kind == "rest" and strength[best] < 1.5) or kind == f"{best:g} Hz"
            found.add(kind)
    assert found == set(CLASSES)


def test_oz_is_the_first_electrode_of_the_eight(ssvep_root):
    window = read_session(sessions(ssvep_root)[0], Cuts())[0][0]
    assert window.entries["eeg"].shape == (8, 512)
    assert window.entries["eeg/oz"].shape == (1, 512)
    assert torch.equal(window.entries["eeg/oz"][0], window.entries["eeg"][0])
    assert window.meta["channels"]["eeg/oz"] == ("Oz",)
    assert CHANNELS[0] == "Oz"


def test_channels_are_found_by_name_not_by_place(write, tmp_path):
    write("subject01")
    straight = read_session(only_session(tmp_path), Cuts())[0][0].entries["eeg"]
    path = write("subject01", channels=CHANNELS[::-1])
    turned = read_session(only_session(tmp_path), Cuts())[0][0].entries["eeg"]
    assert path.is_file()
    torch.testing.assert_close(turned, straight.flip(0))


def test_the_unit_of_the_file_does_not_matter(write, tmp_path):
    write("subject01")
    volts = read_session(only_session(tmp_path), Cuts())[3][1].entries["eeg"]
    write("subject01", scale=1e-6)
    torch.testing.assert_close(read_session(only_session(tmp_path), Cuts())[3][1].entries["eeg"], volts)
    spread = volts.quantile(0.75, dim=1) - volts.quantile(0.25, dim=1)
    torch.testing.assert_close(spread, torch.full((8,), 1.349), atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ("cuts", "starts"),
    [(Cuts(), [0.0, 0.25, 0.5, 0.75, 1.0]), (Cuts(5.0, 0.5), [0.0]), (Cuts(4.0, 0.3), [0.1, 0.4, 0.7, 1.0])],
)
def test_windows_lie_inside_the_trial_and_the_last_ends_with_it(cuts, starts):
    assert cuts.starts_s() == pytest.approx(starts)


def test_a_session_without_its_events_is_named(write, tmp_path):
    write("subject01", events=False)
    with pytest.raises(DataError, match=r"record-\[2012\.01\.01-10\.00\.00\]-eve\.fif: expected the events"):
        sessions(tmp_path)


def test_a_missing_electrode_is_named_with_the_file(write, tmp_path):
    write("subject01", channels=("Cz", *CHANNELS[1:]))
    with pytest.raises(DataError, match=r"_raw\.fif: channels: expected Oz, .* no Oz"):
        read_session(only_session(tmp_path), Cuts())


def test_another_rate_is_refused(write, tmp_path):
    write("subject01", rate_hz=128.0)
    with pytest.raises(DataError, match=r"_raw\.fif: rate: expected 256 Hz, found 128 Hz"):
        read_session(only_session(tmp_path), Cuts())


def test_an_unknown_code_is_refused(write, tmp_path):
    write("subject01", codes=(1, 2, 7))
    with pytest.raises(DataError, match=r"-eve\.fif: expected events with codes 1 to 4, found code 7"):
        read_session(only_session(tmp_path), Cuts())


def test_a_recording_that_ends_inside_the_last_trial_is_refused(write, tmp_path):
    write("subject01", tail_s=4.5)
    with pytest.raises(DataError, match=r"_raw\.fif: length: expected 5 s after the last cue, at 45\.00 s"):
        read_session(only_session(tmp_path), Cuts())


def test_a_recording_too_short_to_filter_is_refused(write, tmp_path):
    write("subject01", codes=(1,), tail_s=-2.0)
    with pytest.raises(DataError, match=r"_raw\.fif: recording: length"):
        read_session(only_session(tmp_path), Cuts())


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_recordings_says_where_to_get_them(tmp_path, make):
    root = tmp_path / "nothing"
    if make:
        root.mkdir()
    with pytest.raises(DataError, match=r"nothing: expected the SSVEP exoskeleton recordings \(https://github"):
        sessions(root)


def test_the_copy_of_another_subjects_file_is_left_out(write, tmp_path):
    write("subject03")
    write("subject07", name="record-[2012.07.11-15.33.08]")
    assert [s.subject for s in sessions(tmp_path)] == ["subject03"]


def test_the_picture_marks_the_flicker_and_refuses_other_entries(ssvep_root):
    sample = read_session(sessions(ssvep_root)[0], Cuts())[1][-1]
    drawn = picture(sample)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (420, 1200, 3)
    assert (np.abs(drawn[:, 630:940].astype(int) - (209, 73, 91)).sum(-1) < 30).sum() > 50  # the lines at 13 and 26 Hz
    with pytest.raises(DataError, match="eeg: expected a tensor"):
        picture(Sample("k", {"eeg": torch.zeros(3, 9)}))


def test_the_two_formats_of_one_real_session_agree(data_root):
    """The FIF is a million times the GDF, and its events are the cues of the GDF (32779) after the labels."""
    from xmodal.modalities.eeg import read_event_list, read_recording

    session = sessions(data_root / "ssvep-exo")[0]
    fif = read_recording(session.recording)
    gdf = read_recording(session.recording.with_name(session.recording.name.replace("_raw.fif", ".gdf")))
    assert float((fif.data - gdf.data * 1e6).abs().max()) < 1e-3 * float(fif.data.abs().max())
    codes = [e.description for e in gdf.events if e.description in ("33024", "33025", "33026", "33027")]
    cues = [e.onset_s for e in gdf.events if e.description == "32779"]
    events = read_event_list(session.events, fif.rate_hz)
    assert [e.description for e in events] == [str(int(c) - 33023) for c in codes]
    np.testing.assert_allclose([e.onset_s for e in events], cues, atol=0.01)
