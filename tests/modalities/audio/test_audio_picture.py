"""Pictures of sounds: what is drawn lies at its time and frequency."""

import numpy as np
import pytest
import torch

from xmodal.data.sample import Entry, Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.picture import picture
from xmodal.modalities.audio.transforms import Spectrogram

TIME = torch.arange(16_000)
TONE = torch.sin(2 * torch.pi * 2000 * TIME / 16_000)
LEFT, RIGHT = 0.06 * 1200, 0.985 * 1200


def brightest(drawn: np.ndarray, top: int, bottom: int) -> tuple[float, float]:
    """(row, column) of the middle of the brightest pixels between two rows, inside the axes."""
    light = drawn[top:bottom, int(LEFT) + 5 : int(RIGHT) - 130].astype(int).sum(2)
    rows, columns = np.nonzero(light >= light.max() - 30)
    return rows.mean() + top, columns.mean() + int(LEFT) + 5


def test_a_tone_burst_is_drawn_at_its_time_and_frequency() -> None:
    burst = torch.where((TIME > 4000) & (TIME < 6000), 0.5 * TONE, 1e-5 * torch.randn(16_000))
    drawn = TimmAudio.picture(Sample("s", {"audio": Rows(burst.unsqueeze(1))}), "audio")
    assert drawn.shape == (460, 1200, 3)
    assert drawn.dtype == np.uint8
    row, column = brightest(drawn, 140, 405)
    assert (column - LEFT) / (RIGHT - LEFT) == pytest.approx(5000 / 16_000, abs=0.01)
    bottom, top = 460 * (1 - 0.11), 460 * (1 - 0.72)  # 0 and 8 kHz
    assert (bottom - row) / (bottom - top) * 8 == pytest.approx(2.0, abs=0.1)
    wave = (drawn[15:115, int(LEFT) + 3 : int(RIGHT) - 3].astype(int).sum(2) < 500).sum(0)
    loud = np.nonzero(wave > 40)[0] / (RIGHT - LEFT - 6)
    assert (loud.min(), loud.max()) == pytest.approx((0.25, 0.375), abs=0.01)


def test_the_noted_rate_sets_the_axes() -> None:
    sample = Sample("s", {"audio": TONE.unsqueeze(0)})
    noted = Sample("s", sample.entries, meta={"rate_hz": {"audio": 8000}})
    one, other = picture(sample, "audio"), picture(noted, "audio")
    assert not np.array_equal(one[-40:], other[-40:]), "the labels of the time axis"


def test_a_spectrogram_is_drawn_with_its_axes() -> None:
    out, _ = Spectrogram()(Sample("s", {"audio": torch.where(TIME < 8000, TONE, 0.0).unsqueeze(0)}))
    drawn = picture(out, "audio")
    assert drawn.shape == (340, 1200, 3)
    _, column = brightest(drawn, 20, 280)
    assert (column - LEFT) / (RIGHT - LEFT) == pytest.approx(0.25, abs=0.05)
    bare = picture(Sample("s", out.entries), "audio")
    assert not np.array_equal(bare[:, : int(LEFT)], drawn[:, : int(LEFT)])


@pytest.mark.parametrize("length", [1, 7, 500, 3_000_000])
def test_any_length_is_drawn(length: int) -> None:
    assert picture(Sample("s", {"audio": torch.zeros(2, length)}), "audio").shape == (460, 1200, 3)


@pytest.mark.parametrize("entry", [Rows(torch.zeros(5)), torch.zeros(3, 4, 4), torch.full((1, 9), torch.nan)])
def test_what_is_no_sound_is_refused(entry: Entry) -> None:
    with pytest.raises(DataError):
        picture(Sample("s", {"audio": entry}), "audio")
