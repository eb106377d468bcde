"""The synthesis has the pitch, the formants and the friction that its tables ask for."""

from dataclasses import replace

import numpy as np
import pytest

from xmodal.benchmarks.digits_av import speech
from xmodal.benchmarks.digits_av.phones import DIGITS, PHONES, WORDS
from xmodal.benchmarks.digits_av.speech import RATE_HZ, say
from xmodal.benchmarks.digits_av.voice import make_voice


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(speech, "SNR_DB", (80.0, 80.0))


def neutral(pitch_hz=110.0, tract=1.0):
    voice = make_voice(0, 0)
    flat = {"tilt": 0.0, "rate": 1.0, "breath": 0.01, "open_share": 0.6, "noise": 0.0}
    return replace(voice, pitch_hz=pitch_hz, tract=tract, accent=np.ones_like(voice.accent), **flat)


def spectrum(digit, voice, seed=0):
    """Mean power spectrum and frequencies of the loudest 100 ms."""
    sound = say(digit, voice, np.random.default_rng(seed)).astype(float)
    size = RATE_HZ // 10
    start = int(np.convolve(sound**2, np.ones(size), "valid").argmax())
    power = np.abs(np.fft.rfft(sound[start : start + size] * np.hanning(size), 8192)) ** 2
    return power, np.fft.rfftfreq(8192, 1 / RATE_HZ)


def test_every_word_is_made_of_known_phones():
    assert len(WORDS) == len(DIGITS) == 10
    assert {name for word in WORDS for name in word} <= set(PHONES)


@pytest.mark.parametrize("pitch_hz", [100.0, 180.0])
def test_harmonics_lie_a_pitch_apart(quiet, pitch_hz):
    sound = say(4, neutral(pitch_hz), np.random.default_rng(0)).astype(float)
    middle = int((sound**2 * np.arange(len(sound))).sum() / (sound**2).sum())
    piece = sound[middle - 400 : middle + 400]
    lags = np.correlate(piece, piece, "full")[800 - 1 :]
    shortest, longest = round(RATE_HZ / 300), round(RATE_HZ / 60)
    period = shortest + int(lags[shortest:longest].argmax())
    assert RATE_HZ / period == pytest.approx(pitch_hz, rel=0.3)  # the melody and the jitter move it


def test_three_has_a_high_second_formant_and_four_a_low_one(quiet):
    shares = {}
    for digit in (3, 4):
        power, hz = spectrum(digit, neutral())
        shares[digit] = power[(hz > 1700) & (hz < 3400)].sum() / power.sum()
    assert shares[3] > 5 * shares[4]


def test_a_shorter_tract_raises_the_formants(quiet):
    def centroid(tract):
        power, hz = spectrum(1, neutral(tract=tract))
        near = (hz > 300) & (hz < 1600)
        return (power * hz)[near].sum() / power[near].sum()

    assert centroid(1.2) > 1.08 * centroid(0.9)


def test_six_begins_with_friction_above_the_voice(quiet):
    sound = say(6, neutral(), np.random.default_rng(0)).astype(float)
    first = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())[0]
    power = np.abs(np.fft.rfft(sound[first : first + 512])) ** 2
    assert power[192:].sum() > 10 * power[:128].sum()  # above 3 kHz against below 2 kHz


def test_a_slow_speaker_takes_longer(quiet):
    def length(rate):
        sound = np.abs(say(7, replace(neutral(), rate=rate), np.random.default_rng(0)))
        loud = np.flatnonzero(sound > 0.02 * sound.max())
        return loud[-1] - loud[0]

    assert length(1.3) > 1.3 * length(0.8)


def test_noise_has_the_ratio_that_was_drawn(monkeypatch):
    def residue(snr_db):
        monkeypatch.setattr(speech, "SNR_DB", (snr_db, snr_db))
        return say(2, neutral(), np.random.default_rng(3)).astype(float)

    clean, noisy = residue(80.0), residue(6.0)
    scale = (clean @ noisy) / (clean @ clean)
    word = np.abs(clean) > 1e-3
    ratio = (scale * clean)[word].std() / (noisy - scale * clean)[word].std()
    assert 20 * np.log10(ratio) == pytest.approx(6.0, abs=2.0)


def test_sounds_are_finite_bounded_and_repeat_for_every_voice_and_word():
    for speaker in range(42):
        voice = make_voice(0, speaker)
        digit = speaker % 10
        sound = say(digit, voice, np.random.default_rng(speaker))
        assert sound.shape == (8000,)
        assert sound.dtype == np.float32
        assert 0.19 < np.abs(sound).max() < 0.91
        np.testing.assert_array_equal(sound, say(digit, voice, np.random.default_rng(speaker)))


def test_voices_differ_and_repeat():
    assert make_voice(0, 1).pitch_hz == make_voice(0, 1).pitch_hz
    assert len({make_voice(0, i).pitch_hz for i in range(42)}) == 42
    assert make_voice(1, 1).pitch_hz != make_voice(0, 1).pitch_hz
