"""Filters, resampling, references, scaling, windows, channels: against scipy, mne and formulas written out."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from xmodal.errors import ConfigError, DataError
from xmodal.modalities.eeg import (
    Event,
    Recording,
    average_reference,
    band_pass,
    common_channels,
    divide,
    event_windows,
    named_reference,
    notch,
    pick,
    resample,
    robust_zscore,
    sliding_windows,
    standard_positions,
)
from xmodal.modalities.eeg.channels import canonical
from xmodal.modalities.eeg.filters import low_pass_taps

NAMES = ("Fp1", "T3", "Cz", "M1")


def noise(samples: int = 4000, rate_hz: float = 256.0, offset_uv: float = 500.0) -> Recording:
    data = 20 * torch.randn(4, samples) + offset_uv
    events = tuple(Event(second, 0.0, name) for second, name in ((0.1, "a"), (2.0, "b"), (3.0, "x"), (4.0, "a")))
    return Recording(data, NAMES, rate_hz, torch.rand(4, 3), events)


def wide(recording: Recording) -> NDArray[np.float64]:
    return recording.data.double().numpy()


def gain(recording: Recording, hz: float) -> float:
    """The amplitude of a sine of 1 microvolt at `hz`, away from the ends."""
    count = len(recording.data[0])
    time = torch.arange(count) / recording.rate_hz
    inner = recording.data[0, count // 4 : -count // 4].double()
    base = torch.exp(2j * torch.pi * hz * time[count // 4 : -count // 4].double())
    return float(2 * (inner * base.conj()).mean().abs())


def sine(hz: float) -> Recording:
    time = torch.arange(8192) / 256.0
    return Recording(torch.sin(2 * torch.pi * hz * time)[None], ("Cz",), 256.0)


@pytest.mark.parametrize("edges", [(1.0, 40.0), (None, 30.0), (0.5, None), (8.0, 13.0)])
def test_band_pass_agrees_with_mne(edges: tuple[float | None, float | None]) -> None:
    mne = pytest.importorskip("mne", reason="needs the extra eeg")
    recording = noise()
    wanted = mne.filter.filter_data(wide(recording), 256.0, *edges, verbose="error")
    np.testing.assert_allclose(band_pass(recording, *edges).data.numpy(), wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("hz", "width"), [(50.0, None), (60.0, 2.0)])
def test_notch_agrees_with_mne(hz: float, width: float | None) -> None:
    mne = pytest.importorskip("mne", reason="needs the extra eeg")
    recording = noise()
    wanted = mne.filter.notch_filter(wide(recording), 256.0, [hz], notch_widths=width, verbose="error")
    np.testing.assert_allclose(notch(recording, hz, width).data.numpy(), wanted, rtol=0, atol=1e-4)


def test_low_pass_taps_agree_with_scipy() -> None:
    signal = pytest.importorskip("scipy.signal")
    taps = low_pass_taps(cutoff_hz=40.0, transition_hz=10.0, rate_hz=256.0)
    assert len(taps) == 85
    np.testing.assert_allclose(taps, signal.firwin(85, 40.0, window="hamming", fs=256.0), atol=1e-15)


def test_filters_keep_and_stop_the_right_frequencies() -> None:
    for hz, wanted in ((4, 0), (7, 0), (11, 1), (20, 1), (30, 1), (45, 0), (60, 0)):
        assert gain(band_pass(sine(hz), 10.0, 35.0), hz) == pytest.approx(wanted, abs=0.01), hz
    for hz, wanted in ((48, 1), (50, 0), (52, 1)):
        assert gain(notch(sine(hz), 50.0), hz) == pytest.approx(wanted, abs=0.01), hz


def test_filters_refuse_what_they_cannot_do() -> None:
    with pytest.raises(ConfigError, match=r"0 < low < high < 128 Hz, not 40\.0 and 1\.0"):
        band_pass(noise(), 40.0, 1.0)
    with pytest.raises(ConfigError, match="not None and None"):
        band_pass(noise(), None, None)
    with pytest.raises(ConfigError, match="a band between 0 and 128 Hz"):
        notch(noise(), 128.0)
    with pytest.raises(DataError, match=r"at least 3\.30 s for a filter this sharp, found 1\.00 s"):
        band_pass(noise(256), 1.0, 40.0)


@pytest.mark.parametrize("rate", [200.0, 250.0, 512.0, 100.0, 1000.0, 256 / 3])
def test_resample_agrees_with_scipy(rate: float) -> None:
    signal = pytest.importorskip("scipy.signal")
    recording = noise(1001)
    ratio = Fraction(rate).limit_denominator(1000) / 256
    wanted = signal.resample_poly(wide(recording), ratio.numerator, ratio.denominator, axis=1, padtype="mean")
    out = resample(recording, rate)
    assert out.rate_hz == pytest.approx(rate, rel=1e-6)
    assert out.events == recording.events
    np.testing.assert_allclose(out.data.numpy(), wanted, rtol=0, atol=1e-4)


def test_resample_keeps_a_sine_and_drops_what_the_new_rate_cannot_hold() -> None:
    assert gain(resample(sine(10.0), 100.0), 10.0) == pytest.approx(1, abs=0.01)
    assert resample(sine(70.0), 100.0).data[0, 100:-100].abs().max() < 0.01


def test_references_by_hand() -> None:
    recording = noise()
    data = wide(recording)
    np.testing.assert_allclose(average_reference(recording).data.numpy(), data - data.mean(0), atol=1e-4)
    np.testing.assert_allclose(average_reference(recording).data.double().sum(0).numpy(), 0, atol=1e-3)
    both = named_reference(recording, ("m1", "T7")).data.numpy()
    np.testing.assert_allclose(both, data - (data[1] + data[3]) / 2, atol=1e-4)
    with pytest.raises(DataError, match="no A1 in"):
        named_reference(recording, ["A1"])


def test_robust_zscore_by_hand() -> None:
    stats = pytest.importorskip("scipy.stats")
    data = torch.randn(2, 3, 301) * 30 + 7
    x = data.double().numpy()
    wanted = (x - np.median(x, -1, keepdims=True)) / stats.iqr(x, axis=-1, keepdims=True, scale="normal")
    np.testing.assert_allclose(robust_zscore(data).numpy(), wanted, rtol=1e-4, atol=1e-5)
    spiky = data.clone()
    spiky[..., :5] = 1e5
    assert robust_zscore(spiky, clip=8.0).abs().max() == 8
    assert robust_zscore(spiky)[..., 5:].std() == pytest.approx(1, abs=0.15)


def test_a_flat_channel_becomes_zero_and_divide_divides() -> None:
    assert robust_zscore(torch.full((1, 50), 3.0)).eq(0).all()
    assert divide(torch.tensor([50.0])).item() == 0.5
    with pytest.raises(ConfigError, match="unit_uv"):
        divide(torch.tensor([50.0]), unit_uv=0)


def test_sliding_windows_are_cut_at_their_seconds() -> None:
    recording = noise(1000, rate_hz=100.0)
    windows = sliding_windows(recording, 2.0, 1.5)
    assert windows.shape == (6, 4, 200)
    assert torch.equal(windows[3], recording.data[:, 450:650])
    assert sliding_windows(recording, 3.0).shape == (3, 4, 300)
    windows.zero_()
    assert recording.data.ne(0).any()
    with pytest.raises(DataError, match="at least one window of 11 s, found 10 s"):
        sliding_windows(recording, 11.0)


def test_event_windows_begin_where_the_event_says() -> None:
    recording = noise(500, rate_hz=100.0)
    samples = event_windows(recording, {"a": 0, "b": 1}, start_s=-0.5, length_s=1.0, name="s1")
    assert [(s.key, int(s.labels["class"])) for s in samples] == [("s1-1", 1), ("s1-2", 0)]  # type: ignore[call-overload]
    entry = samples[0].entries["eeg"]
    assert isinstance(entry, torch.Tensor)
    assert torch.equal(entry, recording.data[:, 150:250])
    assert samples[0].meta["channels"]["eeg"] == NAMES
    assert samples[0].meta["rate_hz"]["eeg"] == 100.0
    with pytest.raises(DataError, match=r"expected one of \['q'\], found \['a', 'b', 'x'\]"):
        event_windows(recording, {"q": 0}, start_s=0, length_s=1)
    with pytest.raises(DataError, match="room for 9 s around an event"):
        event_windows(recording, {"a": 0}, start_s=0, length_s=9)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("EEG T3-REF", "T7"), ("Fc5.", "FC5"), ("t6", "P8"), ("EEG Fpz-Cz", "FPZ-CZ"), ("P8", "P8"), ("eeg_Oz", "OZ")],
)
def test_canonical_names(name: str, wanted: str) -> None:
    assert canonical(name) == wanted


def test_pick_takes_channels_in_order_with_their_places() -> None:
    recording = noise()
    picked = pick(recording, ["CZ", "T7"])
    assert picked.channels == ("CZ", "T7")
    assert torch.equal(picked.data, recording.data[[2, 1]])
    assert picked.positions_m is not None
    assert recording.positions_m is not None
    assert torch.equal(picked.positions_m, recording.positions_m[[2, 1]])


def test_pick_lists_all_that_is_missing_and_refuses_doubt() -> None:
    with pytest.raises(DataError, match=r"expected Cz, O1, O2, found no O1, O2 in \['Fp1', 'T3', 'Cz', 'M1'\]"):
        pick(noise(), ["Cz", "O1", "O2"])
    double = Recording(torch.rand(2, 9), ("T3", "T7"), 100.0)
    assert torch.equal(pick(double, ["T7"]).data, double.data[1:])
    with pytest.raises(DataError, match="expected one channel of that name, found several: T3, T7"):
        pick(double, ["t7"])


def test_common_channels_are_found_across_spellings() -> None:
    other = Recording(torch.rand(3, 9), ("EEG CZ-REF", "T7", "Oz"), 100.0)
    assert common_channels([noise(), other]) == ("T3", "Cz")
    with pytest.raises(DataError, match="at least one that all recordings have, found none"):
        common_channels([Recording(torch.rand(1, 9), ("Pz",), 100.0), other])


def test_standard_positions_are_in_the_frame_of_the_head() -> None:
    pytest.importorskip("mne", reason="needs the extra eeg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x, y, z = standard_positions(["T3", "T8", "Fz", "Oz", "Cz", "nowhere"]).unbind(1)
    assert x[0] < -0.06
    assert x[1] > 0.06
    assert y[2] > 0.04
    assert y[3] < -0.04
    assert z[4] > 0.08
    assert x[5].isnan()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": torch.zeros(2, 5, dtype=torch.float64)}, "data: expected float32"),
        ({"channels": ("a", "a")}, "2 names, 1 of them distinct"),
        ({"rate_hz": float("nan")}, "rate_hz: expected a positive number"),
        ({"positions_m": torch.zeros(3, 3)}, r"positions_m: expected \[2, 3\]"),
    ],
)
def test_a_recording_checks_its_parts(change: dict[str, object], message: str) -> None:
    parts: dict[str, object] = {"data": torch.zeros(2, 5), "channels": ("a", "b"), "rate_hz": 1.0, **change}
    with pytest.raises(DataError, match=message):
        Recording(**parts)  # type: ignore[arg-type]
