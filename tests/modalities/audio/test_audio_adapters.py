"""Audio adapters: the contract, lengths, times, weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch, collate
from xmodal.data.sample import Entry, Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.audio import TimmAudio, Wav2Vec2Audio
from xmodal.modalities.audio.transforms import Spectrogram
from xmodal.testing import check_adapter

ALL = Need(pooled=True, tokens=True, layers=True)
SMALL = {"width": 16, "depth": 2, "heads": 2, "channels": 8, "groups": 4}


def run(adapter: Adapter, batch: Batch) -> Embedding:
    with torch.no_grad():
        return adapter.eval()(batch, ALL)  # type: ignore[no-any-return]


def batch_of(*entries: Entry) -> Batch:
    return collate([Sample(f"{i}", {"audio": entry}) for i, entry in enumerate(entries)])


def sounds(*lengths: int, channels: int = 1) -> list[Rows]:
    return [Rows(0.1 * torch.randn(length, channels)) for length in lengths]


@pytest.mark.parametrize(
    "adapter",
    [
        TimmAudio("test_resnet"),
        TimmAudio("test_resnet", front_end="imagebind"),
        TimmAudio("test_resnet", front_end="efficientat", settings={"frames": 40}, levels=(3, 4)),
        TimmAudio("test_vit", settings={"frames": 48}, options={"img_size": (64, 48)}),
        Wav2Vec2Audio(),
        Wav2Vec2Audio(**SMALL),  # type: ignore[arg-type]
    ],
)
@pytest.mark.parametrize("form", ["rows", "tensor"])
def test_the_adapters_keep_the_contract(adapter: Adapter, form: str) -> None:
    check_adapter(adapter, None if form == "rows" else batch_of(*(0.1 * torch.randn(3, 2, 5000))))


@pytest.mark.parametrize("adapter", [TimmAudio("test_resnet"), Wav2Vec2Audio(**SMALL)])  # type: ignore[arg-type]
def test_padding_beside_a_longer_sound_changes_no_token(adapter: Adapter) -> None:
    short, long = sounds(4321, 9876)
    alone, beside = run(adapter, batch_of(short)), run(adapter, batch_of(long, short))
    pairs = [(alone.tokens, beside.tokens), *zip(alone.layers, beside.layers, strict=True)]
    for one, both in pairs:
        assert one is not None
        assert both is not None
        own = one.x[0][one.mask()[0]]
        assert len(own) == both.mask()[1].sum()
        assert torch.allclose(own, both.x[1][both.mask()[1]], atol=1e-5)
    assert alone.pooled is not None
    assert beside.pooled is not None
    assert torch.allclose(alone.pooled[0], beside.pooled[1], atol=1e-5)


def test_wav2vec2_tokens_are_20_ms_apart_and_end_with_the_sound() -> None:
    tokens = run(Wav2Vec2Audio(**SMALL), batch_of(*sounds(16_000, 4000, 200))).tokens  # type: ignore[arg-type]
    assert tokens is not None
    assert tokens.grid == (49,)
    assert tokens.where is not None
    assert tokens.frame == "time_s"
    assert tokens.where[0, :2, 0].tolist() == pytest.approx([0.01247, 0.03247], abs=1e-5)
    assert tokens.mask().sum(1).tolist() == [49, 12, 1]
    assert tokens.mask()[1, :12].all()


def test_wav2vec2_hears_loudness_and_offset_as_the_same() -> None:
    adapter = Wav2Vec2Audio(**SMALL)  # type: ignore[arg-type]
    (sound,) = sounds(6000)
    found = run(adapter, batch_of(sound, Rows(3 * sound.values + 0.5))).pooled
    assert found is not None
    assert torch.allclose(found[0], found[1], atol=1e-4)


def test_a_change_is_seen_by_the_tokens_of_its_time() -> None:
    """Through the first map only: deeper cells look further."""
    adapter = TimmAudio("test_resnet", front_end="logmel", settings={"frames": None}, levels=(0,))
    quiet = 1e-3 * torch.randn(1, 16_000)
    loud = quiet.clone()
    loud[:, 8000:8100] += 0.5 * torch.randn(100)
    tokens = run(adapter, batch_of(quiet, loud)).tokens
    assert tokens is not None
    assert tokens.where is not None
    change = (tokens.x[0] - tokens.x[1]).abs().sum(-1)
    where = tokens.where[0, :, 0]
    assert float(where[change.argmax()]) == pytest.approx(0.503, abs=0.03)
    assert change[(where - 0.503).abs() > 0.1].max() < 1e-5
    assert tokens.grid is not None
    by_column = where.view(tokens.grid)
    assert (by_column == by_column[0]).all(), "time runs along the second side of the grid"
    assert (by_column[0].diff() > 0).all()


def test_cells_after_the_end_of_a_sound_are_not_valid() -> None:
    adapter = TimmAudio("test_resnet", settings={"frames": 128})
    tokens = run(adapter, batch_of(*sounds(8000, 20_000))).tokens
    assert tokens is not None
    assert tokens.grid == (2, 4)
    # 51 of 128 frames hold sound: cells of 32 frames, so two of four columns.
    assert tokens.mask().view(2, 2, 4)[0].tolist() == [[True, True, False, False]] * 2
    assert tokens.mask()[1].all()


def test_a_ready_spectrogram_gives_what_the_waveform_gives() -> None:
    settings = {"frames": 64, "bins": 32}
    inside = TimmAudio("test_resnet", settings=settings)
    outside = TimmAudio("test_resnet", entry="spectrogram", settings=settings)
    outside.load_state_dict(inside.state_dict())
    samples = [Sample(f"{i}", {"audio": 0.1 * torch.randn(2, 12_000)}) for i in range(2)]
    ready = [Spectrogram("logmel", settings)(sample)[0] for sample in samples]
    a, b = run(inside, collate(samples)), run(outside, collate(ready))
    assert a.pooled is not None
    assert b.pooled is not None
    assert torch.allclose(a.pooled, b.pooled, atol=1e-5)
    with pytest.raises(DataError, match=r"spectrograms \[B, 1, 32, T'\]"):
        run(outside, collate(samples))
    with pytest.raises(DataError, match=r"waveforms of floats"):
        run(inside, collate(ready))


def test_another_rate_is_changed_before_the_front_end() -> None:
    adapter = TimmAudio("test_resnet", front_end="efficientat", rate_hz=16_000)
    tokens = run(adapter, batch_of(torch.randn(1, 16_000))).tokens
    assert tokens is not None
    assert tokens.where is not None
    assert tokens.where.max() < 1
    assert tokens.where.max() > 0.8


def test_lengths_that_differ_need_a_number_of_frames() -> None:
    adapter = TimmAudio("test_resnet", front_end="efficientat")
    with pytest.raises(DataError, match=r'the setting "frames" of the front end, found 4000 to 5000 samples'):
        run(adapter, batch_of(*sounds(4000, 5000)))
    run(adapter, batch_of(*sounds(5000, 5000)))


def test_a_missing_sound_stays_finite() -> None:
    batch = collate([Sample("a", {"audio": sounds(4000)[0]}), Sample("b", {})])
    for adapter in (TimmAudio("test_resnet"), Wav2Vec2Audio(**SMALL)):  # type: ignore[arg-type]
        pooled = run(adapter, batch).pooled
        assert pooled is not None
        assert pooled.isfinite().all()


def test_weights_of_a_file_are_loaded_and_others_refused(tmp_path: Path) -> None:
    first = Wav2Vec2Audio(**SMALL)  # type: ignore[arg-type]
    path = tmp_path / "w.safetensors"
    save_file({k: v.contiguous().clone() for k, v in first.encoder.state_dict().items()}, path)
    second = Wav2Vec2Audio(**SMALL, weights=str(path))  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    with pytest.raises(ConfigError, match="do not fit this configuration"):
        Wav2Vec2Audio(weights=str(path))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"a complete \.safetensors file"):
        Wav2Vec2Audio(**SMALL, weights=str(path))  # type: ignore[arg-type]
    for make in (Wav2Vec2Audio, TimmAudio):
        with pytest.raises(DataError, match=r"an existing \.safetensors file"):
            make(weights=str(tmp_path / "none.safetensors"))


def test_a_timm_backbone_starts_from_a_file_of_weights(tmp_path: Path) -> None:
    first = TimmAudio("test_resnet")
    path = tmp_path / "w.safetensors"
    save_file({k: v.contiguous().clone() for k, v in first.backbone.state_dict().items()}, path)
    second = TimmAudio("test_resnet", weights=str(path))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ConfigError, match="entry: expected one of"):
        TimmAudio("test_resnet", entry="mel")
    with pytest.raises(ConfigError, match="timm knows no backbone 'resnet_18'"):
        TimmAudio("resnet_18")
    with pytest.raises(ConfigError, match="width must be a multiple"):
        Wav2Vec2Audio(width=30)
    with pytest.raises(ConfigError, match="rate_hz"):
        Wav2Vec2Audio(rate_hz=0)
