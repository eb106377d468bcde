"""Reading sound files: against soundfile and by hand, and every kind of damage."""

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fuzz import survive
from xmodal.errors import DataError, XmodalError
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.read import read_audio
from xmodal.modalities.audio.resample import resample

soundfile = pytest.importorskip("soundfile", reason="the extra `audio` is not installed")

TIME_S = np.arange(4000) / 16_000
LEFT, RIGHT = 0.4 * np.sin(2 * np.pi * 440 * TIME_S), 0.2 * np.sin(2 * np.pi * 1000 * TIME_S)
STEREO = np.stack([LEFT, RIGHT], 1).astype(np.float32)
KINDS = [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")]


def written(path: Path, kind: str = "WAV", subtype: str = "PCM_16", rate_hz: int = 16_000) -> Path:
    soundfile.write(str(path), STEREO, rate_hz, format=kind, subtype=subtype)
    return path


def wav(path: Path, samples: np.ndarray, tag: int = 1, rate_hz: int = 16_000, channels: int = 1) -> Path:
    """A WAV file written by hand."""
    data, width = samples.tobytes(), samples.itemsize
    block = width * channels
    fmt = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, 8 * width)
    chunks = b"WAVE" + b"fmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


def changed(path: Path, place: int, value: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[place : place + len(value)] = value
    path.write_bytes(data)
    return path


def test_spoken_digits_agree_with_soundfile_and_with_the_bytes(data_root: Path) -> None:
    paths = sorted((data_root / "av-mnist" / "fsdd" / "recordings").glob("*.wav"))[::90]
    if not paths:
        pytest.skip("av-mnist is absent")
    for path in paths:
        found = read_audio(path, 8000)
        other, rate_hz = soundfile.read(str(path), dtype="float32", always_2d=True)
        assert rate_hz == 8000
        assert found.dtype == torch.float32
        assert np.array_equal(found.numpy(), other.T)
        by_hand = np.frombuffer(path.read_bytes()[44:], dtype="<i2") / 32768
        assert np.array_equal(found[0].numpy(), by_hand[: found.shape[1]].astype(np.float32))
        assert read_audio(path).shape == (1, 2 * found.shape[1])


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
def test_channels_come_first_and_full_scale_is_one(tmp_path: Path, kind: str, subtype: str) -> None:
    found = read_audio(written(tmp_path / "a", kind, subtype))
    assert found.shape == (2, 4000)
    assert found.is_contiguous()
    tolerance = {"PCM_16": 2**-15, "FLOAT": 0, "PCM_24": 2**-22, "VORBIS": 0.05}[subtype]
    assert np.abs(found.numpy() - STEREO.T).max() <= tolerance


def test_another_rate_keeps_pitch_and_duration(tmp_path: Path) -> None:
    time_s = np.arange(44_100) / 44_100
    path = wav(tmp_path / "a.wav", (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32), 3, 44_100)
    found = read_audio(path)
    assert found.shape == (1, 16_000)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert np.abs(found[0].numpy() - expected)[100:-100].max() < 2e-3


def test_what_lies_above_the_new_half_rate_is_removed_not_folded(tmp_path: Path) -> None:
    tone = torch.sin(2 * torch.pi * 12_000 * torch.arange(44_100) / 44_100)
    assert resample(tone, 44_100, 16_000)[200:-200].abs().max() < 0.01


def test_a_higher_rate_adds_no_mirror_image() -> None:
    tone = torch.sin(2 * torch.pi * 3500 * torch.arange(8000) / 8000)
    raised = resample(tone, 8000, 16_000)[1000:-1000]
    power = torch.fft.rfft(raised * torch.hann_window(len(raised))).abs().square()
    half = len(power) // 2  # 4 kHz
    assert 10 * (power[half:].max() / power.max()).log10() < -60


@pytest.mark.parametrize("rates_hz", [(8000, 16_000), (44_100, 16_000), (48_000, 16_000), (16_000, 32_000)])
@pytest.mark.parametrize("length", [1, 997, 20_000])
def test_long_sounds_are_changed_in_blocks_that_do_not_show(rates_hz: tuple[int, int], length: int) -> None:
    sound = torch.randn(2, length)
    whole, blocks = resample(sound, *rates_hz), resample(sound, *rates_hz, block=3000)
    assert whole.shape == (2, -(-length * rates_hz[1] // rates_hz[0]))
    assert blocks.shape == whole.shape
    assert torch.allclose(whole, blocks, atol=1e-5)


def test_the_adapter_reads_one_channel_that_collates_at_any_length(tmp_path: Path) -> None:
    found = TimmAudio.read(written(tmp_path / "a.wav"))
    assert found.values.shape == (4000, 1)
    assert np.allclose(found.values[:, 0], STEREO.mean(1), atol=1e-4)


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_cut_file_is_refused(tmp_path: Path, kind: str, subtype: str, share: float) -> None:
    path = written(tmp_path / "cut", kind, subtype)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match="cut"):
        read_audio(path)


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
def test_a_flipped_byte_in_the_compressed_sound_is_found(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "a", kind, {"FLAC": "PCM_16", "OGG": "VORBIS"}[kind])
    data = path.read_bytes()
    for place in range(len(data) // 2, len(data), len(data) // 20):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        with pytest.raises(DataError):
            read_audio(path)


@pytest.mark.parametrize(("content", "found"), [(b"", "an empty file"), (b"ID3\x03abc", "ID3"), (b"hello", "hell")])
def test_other_content_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.wav: expected a WAV, FLAC or Ogg file.*{found}"):
        read_audio(path)
    with pytest.raises(DataError, match="no such file"):
        read_audio(tmp_path / "nothing.wav")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (4, struct.pack("<I", 2**31), "RIFF size: expected .* cut off"),
        (8, b"AVI ", "form type: expected WAVE"),
        (16, struct.pack("<I", 2**30), "chunk 'fmt ': expected 1073741824 bytes"),
        (12, b"junk", "expected a chunk 'fmt '"),
        (22, struct.pack("<H", 3), "block align: expected channels x bytes of a sample, found 2 for 3 channels"),
        (24, struct.pack("<I", 8000), "bytes a second: expected sampling rate x block align, found 32000 for 8000 Hz"),
        (40, struct.pack("<I", 2**31), "chunk 'data': expected 2147483648 bytes"),
        (40, struct.pack("<I", 199), "chunk 'data': expected a positive multiple of 2 bytes, found 199"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path: Path, place: int, value: bytes, message: str) -> None:
    path = wav(tmp_path / "a.wav", np.arange(100, dtype="<i2"))
    assert read_audio(path).shape == (1, 100)
    with pytest.raises(DataError, match=message):
        read_audio(changed(path, place, value))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    samples = np.zeros(50, dtype="<f4")
    samples[[3, 7]] = bad
    with pytest.raises(DataError, match="expected finite numbers, found 2 that are NaN or infinite"):
        read_audio(wav(tmp_path / "a.wav", samples, 3))


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="chunk 'data': expected a positive multiple of 2 bytes, found 0"):
        read_audio(wav(tmp_path / "a.wav", np.zeros(0, dtype="<i2")))
    path = tmp_path / "a.flac"
    soundfile.write(str(path), STEREO[:0], 16_000)
    with pytest.raises(DataError, match=r"a\.flac"):
        read_audio(path)


def test_absurd_rates_channels_and_lengths_are_refused(tmp_path: Path) -> None:
    samples = np.zeros(130, dtype="<i2")
    with pytest.raises(DataError, match="sampling rate: expected 100 to 768000 Hz, found 3 Hz"):
        read_audio(wav(tmp_path / "a.wav", samples, rate_hz=3))
    with pytest.raises(DataError, match=r"simple ratio to 16000 Hz.*15999 to 16000"):
        read_audio(wav(tmp_path / "a.wav", samples, rate_hz=15_999))
    with pytest.raises(DataError, match="channels: expected 1 to 64, found 65"):
        read_audio(wav(tmp_path / "a.wav", samples, channels=65))
    with pytest.raises(DataError, match=r"length: expected at most 0\.1 s"):
        read_audio(written(tmp_path / "a.wav"), longest_s=0.1)


def test_a_flac_header_that_promises_hours_takes_no_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "a.flac", "FLAC")
    # Bytes 21 to 25 hold the last 36 bits of the number of samples.
    promised = changed(path, 21, bytes([path.read_bytes()[21] | 0x0F]) + b"\xff" * 4)
    with pytest.raises(
        DataError, match=r"length: expected at most 3600 s and 67,108,864 samples in all, found 4,294,967"
    ):
        read_audio(promised)


def test_without_soundfile_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.wav")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(XmodalError, match=r"pip install 'xmodal\[audio\]'"):
        read_audio(path)


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
def test_damaged_files_give_sound_or_a_data_error(tmp_path: Path, kind: str, subtype: str) -> None:
    refused = survive(read_audio, written(tmp_path / "a", kind, subtype), 200)
    assert refused > 60
