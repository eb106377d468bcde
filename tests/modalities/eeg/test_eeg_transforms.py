"""EEG transforms: what each does, exact replay through JSON, and an input that stays as it was."""

import json

import pytest
import torch
from torch import Tensor

from xmodal.data.sample import Label, Rows, Sample
from xmodal.data.transforms import EntryTransform, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.eeg.transforms import ChannelDropout, GaussianNoise, RandomCrop, Scale, SignFlip, TimeShift

ALL = [RandomCrop(60), ChannelDropout(0.4), GaussianNoise(3.0), TimeShift(20), SignFlip(0.5), Scale(0.5, 2.0)]


def window() -> Sample:
    labels: dict[str, Label] = {"stage": {"eeg": torch.arange(100)}, "whole": torch.tensor(2)}
    data = torch.arange(800.0).view(8, 100) + 1
    return Sample("s", {"eeg": data}, {("sound", "eeg"): Rows(torch.tensor([[0.0], [30.0], [99.0]]))}, labels)


def eeg(sample: Sample) -> Tensor:
    entry = sample.entries["eeg"]
    assert isinstance(entry, Tensor)
    return entry


@pytest.mark.parametrize("transform", ALL, ids=lambda t: type(t).__name__)
def test_replay_is_exact_and_the_input_stays(transform: EntryTransform) -> None:
    for seed in range(8):
        sample = window()
        out, params = transform(sample, generator=seeded(seed))
        again, _ = transform(window(), json.loads(json.dumps(params)))
        assert torch.equal(eeg(out), eeg(again))
        links, same = (s.links[("sound", "eeg")].values for s in (out, again))
        assert torch.equal(links.nan_to_num(-1), same.nan_to_num(-1))
        if eeg(out) is not eeg(sample):
            eeg(out).zero_()
        assert torch.equal(eeg(sample), eeg(window()))
        assert torch.equal(sample.labels["stage"]["eeg"], torch.arange(100))  # type: ignore[index,call-overload,arg-type]


def test_crop_takes_a_window_with_its_labels_and_links() -> None:
    out, _ = RandomCrop(50)(window(), {"samples": 50, "start": 25})
    assert torch.equal(eeg(out), eeg(window())[:, 25:75])
    assert torch.equal(out.labels["stage"]["eeg"], torch.arange(25, 75))  # type: ignore[index,call-overload,arg-type]
    places = out.links[("sound", "eeg")].values
    assert places[1].item() == 5
    assert places[[0, 2]].isnan().all()
    starts = {RandomCrop(98)(window(), generator=seeded(s))[1]["start"] for s in range(60)}  # type: ignore[call-overload]
    assert starts == {0, 1, 2}


def test_shift_goes_round_with_its_labels_and_links() -> None:
    out, _ = TimeShift(10)(window(), {"shift": 3})
    assert torch.equal(eeg(out)[0, :5], torch.tensor([98.0, 99, 100, 1, 2]))
    assert out.labels["stage"]["eeg"][3] == 0  # type: ignore[index,call-overload]
    assert out.links[("sound", "eeg")].values.flatten().tolist() == [3, 33, 2]
    shifts = {TimeShift(2)(window(), generator=seeded(s))[1]["shift"] for s in range(80)}  # type: ignore[call-overload]
    assert shifts == {-2, -1, 0, 1, 2}


def test_dropout_takes_whole_channels_at_its_rate() -> None:
    big = Sample("s", {"eeg": torch.ones(2000, 3)})
    out, params = ChannelDropout(0.3)(big, generator=seeded(0))
    gone = eeg(out).eq(0).all(1)
    assert eeg(out)[~gone].eq(1).all()
    assert gone.nonzero().flatten().tolist() == params["dropped"]  # type: ignore[call-overload]
    assert gone.float().mean() == pytest.approx(0.3, abs=0.04)


def test_noise_has_its_strength_in_microvolts() -> None:
    quiet = Sample("s", {"eeg": torch.zeros(8, 5000)})
    noise = eeg(GaussianNoise(4.0)(quiet, generator=seeded(0))[0])
    assert noise.std() == pytest.approx(4, rel=0.02)
    assert abs(noise.mean()) < 0.1


def test_flip_and_scale_multiply() -> None:
    assert torch.equal(eeg(SignFlip(1.0)(window())[0]), -eeg(window()))
    assert torch.equal(eeg(SignFlip(0.0)(window())[0]), eeg(window()))
    assert torch.equal(eeg(Scale()(window(), {"scale": 0.5})[0]), eeg(window()) / 2)
    factors = [Scale(0.5, 2.0)(window(), generator=seeded(s))[1]["scale"] for s in range(50)]  # type: ignore[call-overload]
    assert 0.5 <= min(factors) < 0.7
    assert 1.7 < max(factors) < 2


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="at least 101 samples, found 100"):
        RandomCrop(101)(window())
    with pytest.raises(DataError, match="a float tensor"):
        SignFlip(1.0)(Sample("s", {"eeg": torch.zeros(3, 4, 5)}))
    outgoing = Sample("s", {"eeg": torch.zeros(2, 9)}, {("eeg", "sound"): Rows(torch.zeros(9, 1))})
    with pytest.raises(DataError, match="links that start at 'eeg'"):
        TimeShift(1)(outgoing)
    for wrong in (lambda: RandomCrop(0), lambda: Scale(2, 1), lambda: ChannelDropout(1.0), lambda: GaussianNoise(-1)):
        with pytest.raises(ConfigError):
            wrong()
