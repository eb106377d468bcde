"""Audio transforms: exact cases, exact replay, nothing changed that came in."""

import copy
import json

import pytest
import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose, EntryTransform, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio import make_front_end
from xmodal.modalities.audio.transforms import (
    CentreCrop,
    Gain,
    Noise,
    RandomCrop,
    SpecAugment,
    Spectrogram,
    TimeShift,
)
from xmodal.modalities.audio.waveform import waveform_of

COUNTED = torch.arange(1.0, 11).repeat(2, 1)


def numbered(held: str = "tensor") -> Sample:
    """Ten samples at 10 Hz, numbered from 1, with a label and links that do the same."""
    entry = COUNTED.clone() if held == "tensor" else Rows(COUNTED.T.contiguous())
    links = {("video", "audio"): Rows(torch.tensor([[0.05], [0.45], [0.95]])), ("audio", "x"): Rows(COUNTED.T.clone())}
    return Sample("s", {"audio": entry}, links, {"speech": {"audio": COUNTED[0].long()}})


def sound(length: int = 4000) -> Sample:
    return Sample("s", {"audio": 0.1 * torch.randn(1, length)})


def image(sample: Sample) -> Tensor:
    entry = sample.entries["audio"]
    assert isinstance(entry, Tensor)
    return entry


@pytest.mark.parametrize("held", ["tensor", "rows"])
def test_a_crop_takes_labels_and_links_along(held: str) -> None:
    out, params = RandomCrop(0.4, 10)(numbered(held), {"length": 4, "start": 3})
    assert params == {"length": 4, "start": 3}
    assert isinstance(out.entries["audio"], Rows) == (held == "rows")
    assert waveform_of(out, "audio")[1].tolist() == [4, 5, 6, 7]
    assert out.labels["speech"]["audio"].tolist() == [4, 5, 6, 7]  # type: ignore[index,call-overload,union-attr]
    assert out.links[("audio", "x")].values[:, 0].tolist() == [4, 5, 6, 7]
    seconds = out.links[("video", "audio")].values[:, 0]
    assert seconds[1].item() == pytest.approx(0.15)
    assert seconds[[0, 2]].isnan().all()


def test_a_short_sound_stands_among_zeros_and_unknown_labels() -> None:
    out, params = CentreCrop(1.4, 10)(numbered())
    assert params == {"length": 14, "start": -2}
    assert waveform_of(out, "audio")[0].tolist() == [0, 0, *range(1, 11), 0, 0]
    assert out.labels["speech"]["audio"].tolist()[:3] == [-1, -1, 1]  # type: ignore[index,call-overload,union-attr]
    assert out.links[("audio", "x")].values[:2].isnan().all()
    assert torch.allclose(out.links[("video", "audio")].values[:, 0], torch.tensor([0.25, 0.65, 1.15]))


def test_the_centre_is_the_centre() -> None:
    out, _ = CentreCrop(0.4, 10)(numbered())
    assert waveform_of(out, "audio")[0].tolist() == [4, 5, 6, 7]


def test_drawn_crops_reach_both_ends_and_stay_inside() -> None:
    generator = seeded(0)
    long = {RandomCrop(0.4, 10).draw(numbered(), generator)["start"] for _ in range(200)}
    short = {RandomCrop(1.3, 10).draw(numbered(), generator)["start"] for _ in range(200)}
    assert long == set(range(7))
    assert short == {-3, -2, -1, 0}


@pytest.mark.parametrize(
    ("shift", "expected"), [(2, [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]), (-3, [4, 5, 6, 7, 8, 9, 10, 0, 0, 0])]
)
def test_a_shift_keeps_the_length(shift: int, expected: list[int]) -> None:
    out, _ = TimeShift(0.3, 10)(numbered(), {"shift": shift})
    assert waveform_of(out, "audio")[0].tolist() == expected
    drawn = {TimeShift(0.3, 10).draw(numbered(), seeded(i))["shift"] for i in range(200)}
    assert drawn == set(range(-3, 4))


def test_gain_is_in_decibels_of_amplitude() -> None:
    out, params = Gain(20, 20)(numbered())
    assert params["gain_db"] == 20
    assert torch.allclose(waveform_of(out, "audio"), 10 * COUNTED)


def test_noise_has_the_signal_to_noise_ratio_drawn() -> None:
    before = sound(100_000)
    out, _ = Noise(20, 20)(before)
    added = waveform_of(out, "audio") - waveform_of(before, "audio")
    ratio = waveform_of(before, "audio").square().mean() / added.square().mean()
    assert 10 * ratio.log10().item() == pytest.approx(20, abs=0.1)
    silent, _ = Noise()(Sample("s", {"audio": torch.zeros(1, 50)}))
    assert not waveform_of(silent, "audio").any()


def test_the_spectrogram_is_that_of_the_front_end_and_notes_its_axes() -> None:
    before = sound()
    out, params = Spectrogram("logmel", {"bins": 32})(before)
    assert params == {}
    front_end = make_front_end("logmel", {"bins": 32})
    assert torch.equal(image(out), front_end(image(before))[0])
    axes = out.meta["spectrogram"]["audio"]
    assert axes["time_s"] == pytest.approx([0, 0.01])
    assert axes["bin_hz"] == pytest.approx(front_end.bin_hz().tolist())
    assert json.loads(json.dumps(axes)) == axes


def test_the_spectrogram_refuses_labels_it_would_leave_behind() -> None:
    with pytest.raises(DataError, match=r"no label or link .* found labels \['speech'\], links to \['x'\]"):
        Spectrogram()(numbered())


def test_spec_augment_masks_whole_rows_and_columns_with_the_mean() -> None:
    before = Sample("s", {"audio": torch.randn(1, 20, 30)})
    out, _ = SpecAugment()(before, {"fill": 9.0, "frequency": [[2, 3]], "time": [[10, 4], [0, 1]]})
    masked = image(out) == 9.0
    expected = torch.zeros(1, 20, 30, dtype=torch.bool)
    expected[:, 2:5], expected[:, :, 10:14], expected[:, :, 0] = True, True, True
    assert torch.equal(masked, expected)
    assert torch.equal(image(out)[~masked], image(before)[~masked])
    drawn = SpecAugment().draw(before, None)
    assert drawn["fill"] == pytest.approx(float(image(before).mean()), abs=1e-6)


def test_drawn_masks_lie_inside_and_reach_their_bound() -> None:
    before = Sample("s", {"audio": torch.zeros(1, 20, 30)})
    drawn = [SpecAugment(8, 50, 1, 2).draw(before, seeded(i)) for i in range(300)]
    bands = [mask for params in drawn for mask in params["frequency"]]
    frames = [mask for params in drawn for mask in params["time"]]
    assert {length for _, length in bands} == set(range(9))
    assert {length for _, length in frames} == set(range(31))
    assert all(start >= 0 and start + length <= 20 for start, length in bands)
    assert all(start >= 0 and start + length <= 30 for start, length in frames)
    assert max(start + length for start, length in bands) == 20


WAVE = [RandomCrop(0.1), RandomCrop(0.5), CentreCrop(0.1), TimeShift(), Gain(), Noise(), Spectrogram()]
CHAIN = Compose([TimeShift(), RandomCrop(0.3), Gain(), Noise(), Spectrogram("ast", {"frames": 40}), SpecAugment()])


@pytest.mark.parametrize("transform", [*WAVE, CHAIN], ids=lambda t: type(t).__name__)
@pytest.mark.parametrize("rows", [False, True])
def test_replay_is_exact_and_the_input_stays(transform: EntryTransform, rows: bool) -> None:
    before = sound()
    if rows:
        before = Sample("s", {"audio": Rows(image(before).T.contiguous())})
    kept = copy.deepcopy(before)
    out, params = transform(before, generator=seeded(3))
    again, same = transform(before, json.loads(json.dumps(params)))
    assert same == params

    def values(sample: Sample) -> Tensor:
        entry = sample.entries["audio"]
        return entry.values if isinstance(entry, Rows) else entry

    assert torch.equal(values(out), values(again))
    assert torch.equal(values(before), values(kept))
    assert values(out).data_ptr() != values(before).data_ptr()


def test_a_sample_without_sound_passes() -> None:
    silent = Sample("s", {"image": torch.zeros(3, 4, 4)})
    out, params = CHAIN(silent)
    assert out.entries.keys() == {"image"}
    assert params == [{}] * 6


def test_wrong_entries_windows_and_params_are_refused() -> None:
    with pytest.raises(DataError, match=r"a waveform of floats"):
        Gain()(Sample("s", {"audio": torch.zeros(1, 4, 4)}))
    with pytest.raises(DataError, match=r"a waveform of floats"):
        Gain()(Sample("s", {"audio": torch.zeros(1, 4, dtype=torch.int16)}))
    with pytest.raises(DataError, match=r"first apply Spectrogram"):
        SpecAugment()(sound())
    with pytest.raises(DataError, match=r"a window that meets \[0, 4000\)"):
        RandomCrop()(sound(), {"length": 10, "start": 4000})
    with pytest.raises(DataError, match="an empty dict"):
        Spectrogram()(sound(), {"seed": 3})
    for make in (lambda: Gain(3, 1), lambda: Noise(3, 1), lambda: RandomCrop(0), lambda: TimeShift(-1)):
        with pytest.raises(ConfigError):
            make()
