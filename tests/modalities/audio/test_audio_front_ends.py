"""Front ends against numpy in float64 and against torchaudio's Kaldi; their axes in seconds and Hz."""

import numpy as np
import pytest
import torch
import torchaudio.compliance.kaldi
from numpy.typing import NDArray

from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio import make_front_end
from xmodal.modalities.audio.front_ends import spectrogram

Array = NDArray[np.float64]
NAMES = ["logmel", "ast", "imagebind", "efficientat"]
SOUND = 0.1 * torch.randn(2, 16_000, generator=torch.Generator().manual_seed(1))


def power_spectrum(frames: Array, window: Array, n_fft: int) -> Array:
    return np.abs(np.fft.rfft(frames * window, n_fft)) ** 2


def frames_of(sound: Array, length: int, hop: int) -> Array:
    count = 1 + (len(sound) - length) // hop
    return np.stack([sound[i * hop : i * hop + length] for i in range(count)])


def htk_bands(bins: int, n_fft: int, rate_hz: int, low_hz: float, high_hz: float) -> Array:
    mel = np.linspace(*(2595 * np.log10(1 + np.array([low_hz, high_hz]) / 700)), bins + 2)
    corner = 700 * (10 ** (mel / 2595) - 1)
    hz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    up = (hz - corner[:-2, None]) / (corner[1:-1] - corner[:-2])[:, None]
    down = (corner[2:, None] - hz) / (corner[2:] - corner[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down))


def kaldi_bands(bins: int, n_fft: int, rate_hz: int, low_hz: float, high_hz: float) -> Array:
    low, high = 1127 * np.log(1 + np.array([low_hz, high_hz]) / 700)
    corner = low + (high - low) / (bins + 1) * np.arange(bins + 2)
    mel = 1127 * np.log(1 + np.arange(n_fft // 2) * rate_hz / n_fft / 700)
    up = (mel - corner[:-2, None]) / (corner[1:-1] - corner[:-2])[:, None]
    down = (corner[2:, None] - mel) / (corner[2:] - corner[1:-1])[:, None]
    return np.pad(np.maximum(0, np.minimum(up, down)), ((0, 0), (0, 1)))


def test_the_plain_log_mel_agrees_with_numpy() -> None:
    settings = {"bins": 40, "low_hz": 50.0, "high_hz": 7000.0, "mean": -3.0, "scale": 2.0}
    found = make_front_end("logmel", settings)(SOUND)
    sound = np.pad(SOUND[1].double().numpy(), 256)
    window = np.pad(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400), 56)
    power = power_spectrum(frames_of(sound, 512, 160), window, 512)
    expected = (np.log(power @ htk_bands(40, 512, 16_000, 50, 7000).T + 1e-6) + 3) / 2
    assert found.shape == (2, 1, 40, 101)
    assert np.abs(found[1, 0].T.numpy() - expected).max() < 2e-4


def test_the_kaldi_bank_is_that_of_torchaudio_with_the_settings_of_ast() -> None:
    found = make_front_end("ast")(SOUND)
    for row, image in zip(SOUND, found, strict=True):
        bank = torchaudio.compliance.kaldi.fbank(
            (row - row.mean()).unsqueeze(0),
            htk_compat=True,
            sample_frequency=16_000,
            use_energy=False,
            window_type="hanning",
            num_mel_bins=128,
            dither=0.0,
            frame_shift=10,
        )
        assert bank.shape == (98, 128)
        expected = (torch.nn.functional.pad(bank, (0, 0, 0, 1024 - 98)) + 4.2677393) / (2 * 4.5689974)
        assert image.shape == (1, 128, 1024)
        assert (image[0].T - expected).abs().max() < 1e-4
    assert (make_front_end("imagebind")(SOUND) - found[..., :204]).abs().max() < 1e-3


def test_the_kaldi_bank_agrees_with_numpy() -> None:
    frames = frames_of(SOUND[0].double().numpy(), 400, 160)
    frames = frames - frames.mean(1, keepdims=True)
    frames = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)
    bank = power_spectrum(frames, window, 512) @ kaldi_bands(128, 512, 16_000, 20, 8000).T
    expected = np.log(np.maximum(bank, np.finfo(np.float32).eps))
    found = make_front_end("ast", {"frames": None, "mean": 0.0, "scale": 1.0})(SOUND)[0, 0].T
    assert np.abs(found.numpy() - expected).max() < 1e-3


def test_efficientat_agrees_with_numpy() -> None:
    sound = SOUND[0].double().numpy()
    emphasised = np.pad(sound[1:] - 0.97 * sound[:-1], 512, mode="reflect")
    window = np.pad(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 799), 112)
    power = power_spectrum(frames_of(emphasised, 1024, 320), window, 1024)
    expected = (np.log(power @ kaldi_bands(128, 1024, 32_000, 0, 15_000).T + 1e-5) + 4.5) / 5
    found = make_front_end("efficientat")(SOUND)
    assert found.shape == (2, 1, 128, 50)
    assert np.abs(found[0, 0].T.numpy() - expected).max() < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_a_click_lies_at_its_time_and_a_tone_in_its_band(name: str) -> None:
    front_end = make_front_end(name, {"frames": None})
    rate_hz = front_end.rate_hz
    click = torch.zeros(1, rate_hz)
    click[0, round(0.4 * rate_hz)] = 1
    loudest = front_end(click)[0, 0].exp().sum(0).argmax()
    assert float(front_end.time_s(loudest)) == pytest.approx(0.4, abs=0.0055)
    tone = torch.sin(2 * torch.pi * 2000 * torch.arange(rate_hz) / rate_hz).unsqueeze(0)
    band = front_end(tone)[0, 0, :, 20:30].mean(1).argmax()
    centres = front_end.bin_hz()
    assert int(band) == int((centres - 2000).abs().argmin())
    assert (centres.diff() > 0).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("samples", [1, 399, 400, 513, 514, 5000])
def test_any_length_gives_the_frames_that_count_says(name: str, samples: int) -> None:
    front_end = make_front_end(name, {"frames": None})
    image = front_end(SOUND[:, :samples])
    assert image.shape == (2, 1, front_end.bins, front_end.count(samples))
    assert image.isfinite().all()


def test_frames_cut_and_fill_up() -> None:
    whole = make_front_end("logmel")(SOUND)
    cut, filled = (make_front_end("logmel", {"frames": n})(SOUND) for n in (30, 150))
    assert torch.equal(cut, whole[..., :30])
    assert torch.equal(filled[..., :101], whole)
    assert torch.allclose(filled[..., 101:], torch.tensor(1e-6).log())


def test_channels_are_averaged_and_the_rate_is_changed() -> None:
    front_end = make_front_end("logmel")
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000) / 8000)
    made = spectrogram(front_end, torch.stack([tone, torch.zeros(8000)]), 8000)
    assert made.shape == (1, 64, 101)
    expected = front_end(0.5 * torch.sin(2 * torch.pi * 1000 * torch.arange(16_000) / 16_000).unsqueeze(0))
    band = int(expected[0, 0, :, 50].argmax())
    assert (made[0, band, 5:95] - expected[0, 0, band, 5:95]).abs().max() < 0.01


def test_half_precision_around_it_changes_nothing() -> None:
    for name in NAMES:
        front_end = make_front_end(name)
        with torch.autocast("cpu", torch.bfloat16):
            inside = front_end(SOUND)
        assert torch.equal(inside, front_end(SOUND))
        assert not front_end.state_dict(), "constants are no weights"


def test_unknown_names_and_settings_list_the_known() -> None:
    with pytest.raises(ConfigError, match=r"unknown front end 'mfcc'; known: ast, efficientat, imagebind, logmel"):
        make_front_end("mfcc")
    with pytest.raises(ConfigError, match="unknown setting of front end 'ast' 'hop'; known: bins, frames, mean, scale"):
        make_front_end("ast", {"hop": 3})
    with pytest.raises(ConfigError, match="low_hz < high_hz <= 8000"):
        make_front_end("logmel", {"high_hz": 9000.0})
    with pytest.raises(ConfigError, match="must be positive"):
        make_front_end("ast", {"frames": 0})
    with pytest.raises(DataError, match=r"expected \[B, T\]"):
        make_front_end()(SOUND[0])
