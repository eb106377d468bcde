"""The adapters keep the contract, and say the same as the networks they take apart."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.eeg import BraindecodeEEG, EEGConv
from xmodal.modalities.eeg.braindecode_models import POOLED_ONLY
from xmodal.modalities.eeg.channels import TEN_TWENTY
from xmodal.modalities.eeg.stages import CONVOLUTIONS, TRANSFORMERS
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
SMALL: dict[str, dict[str, Any]] = {
    "CBraMod": {"n_layer": 2},
    "EEGDINO": {"n_layer": 2},
    "EEGPT": {"depth": 2, "embed_dim": 64, "num_heads": 2},
    "Labram": {"num_layers": 2},
}

needs_braindecode = pytest.mark.skipif(
    importlib.util.find_spec("braindecode") is None, reason="braindecode is not installed (extra eeg)"
)


def batch_of(data: Tensor) -> Batch:
    return Batch(tuple(f"{i}" for i in range(len(data))), {"eeg": data}, torch.arange(len(data)))


def embed(adapter: EEGConv | BraindecodeEEG, data: Tensor) -> Embedding:
    with torch.no_grad():
        return adapter.eval()(batch_of(data), EVERYTHING)


def test_eeg_conv_keeps_the_contract() -> None:
    check_adapter(EEGConv())
    check_adapter(EEGConv(width=12, filters=3, depth=1, patch_s=0.5, dropout=0.0))


def test_eeg_conv_tokens_lie_in_time() -> None:
    adapter = EEGConv(channels=8, rate_hz=256.0, patch_s=0.25)
    tokens = embed(adapter, torch.randn(2, 8, 1024)).tokens
    assert tokens is not None
    assert tokens.where is not None
    assert tokens.grid == (1, 16)
    assert tokens.frame == "time_s"
    torch.testing.assert_close(tokens.where[0, :, 0], (torch.arange(16) + 0.5) * 0.25)


def test_a_pulse_moves_the_token_at_its_time_most() -> None:
    adapter = EEGConv(channels=4, rate_hz=200.0)
    quiet = torch.zeros(1, 4, 1600)
    pulse = quiet.clone()
    pulse[0, 2, 1000:1010] = 200
    a, b = embed(adapter, quiet).tokens, embed(adapter, pulse).tokens
    assert a is not None
    assert b is not None
    assert b.where is not None
    strongest = int((a.x - b.x).norm(dim=-1).argmax())
    assert float(b.where[0, strongest, 0]) == pytest.approx(5.0, abs=0.25)


def rhythms(count: int) -> tuple[Batch, Tensor]:
    """Two seconds of 10 or 20 Hz at a random phase, in noise twice as strong."""
    labels = torch.arange(count) % 2
    time = torch.arange(200) / 100
    phase = torch.rand(count, 1) * 2 * torch.pi
    wave = torch.sin(2 * torch.pi * (10 + 10 * labels[:, None]) * time + phase)
    return batch_of(20 * wave[:, None] + 30 * torch.randn(count, 2, 200)), labels


def test_eeg_conv_learns_a_rhythm() -> None:
    torch.manual_seed(1)
    adapter, head = EEGConv(channels=2, rate_hz=100.0, width=16, dropout=0.0), nn.Linear(16, 2)
    optimiser = torch.optim.Adam([*adapter.parameters(), *head.parameters()], lr=0.01)
    for _ in range(40):
        batch, labels = rhythms(32)
        loss = nn.functional.cross_entropy(head(adapter(batch, Need(pooled=True)).pooled), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    batch, labels = rhythms(200)
    with torch.no_grad():
        right = (head(adapter.eval()(batch, Need(pooled=True)).pooled).argmax(1) == labels).float().mean()
    assert right > 0.9


@pytest.mark.parametrize("shape", [(2, 3, 800), (2, 19, 10), (19, 800)])
def test_eeg_conv_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"entry 'eeg': expected \[B, 19, T >= 32\]"):
        EEGConv()(batch_of(torch.zeros(shape)), EVERYTHING)


@needs_braindecode
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_keep_the_contract(name: str) -> None:
    check_adapter(BraindecodeEEG(name))


@needs_braindecode
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_keep_the_contract(name: str) -> None:
    check_adapter(BraindecodeEEG(name, options=SMALL[name]))


# torch remarks once a process that such a padding costs a copy.
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.slow
@needs_braindecode
@pytest.mark.parametrize("name", POOLED_ONLY)
def test_the_other_networks_keep_the_contract(name: str) -> None:
    check_adapter(BraindecodeEEG(name))


@pytest.mark.slow
@needs_braindecode
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_of_full_size_keep_the_contract(name: str) -> None:
    check_adapter(BraindecodeEEG(name))


def whole(name: str, **options: Any) -> Any:
    """The network as braindecode makes it, head and all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import braindecode.models as models

        return getattr(models, name)(n_chans=19, n_times=800, sfreq=200.0, n_outputs=5, **options).eval()


@needs_braindecode
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_tokens_of_convolutions_are_what_the_head_reads(name: str) -> None:
    net, adapter = whole(name), BraindecodeEEG(name, unit_uv=1.0)
    adapter.net.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("final_layer")})
    data = torch.randn(2, 19, 800)
    embedding = embed(adapter, data)
    assert embedding.tokens is not None
    parts = dict(net.named_children())
    x = embedding.tokens.x.transpose(1, 2)
    x = x.unsqueeze(2) if name in ("EEGNet", "EEGITNet", "EEGInceptionERP") else x.unsqueeze(3)
    for part in list(parts)[list(parts).index(list(CONVOLUTIONS[name])[-1]) + 1 :]:
        x = parts[part](x)
    with torch.no_grad():
        torch.testing.assert_close(x, net(data))


@needs_braindecode
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_the_tokens_of_transformers_are_the_features_braindecode_tells(name: str) -> None:
    options = dict(SMALL[name])
    named = [{"ch_name": c.upper()} for c in TEN_TWENTY]
    extra = {"chan_proj_type": "none", "chs_info": named} if name == "EEGPT" else {}
    net, adapter = whole(name, **options, **extra), BraindecodeEEG(name, unit_uv=50.0, options=options)
    adapter.net.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("final_layer")})
    data = 30 * torch.randn(2, 19, 800)
    embedding = embed(adapter, data)
    assert embedding.tokens is not None
    assert embedding.pooled is not None
    with torch.no_grad():
        names = {"ch_names": list(TEN_TWENTY)} if name == "Labram" else {}
        features = net(data / 50, return_features=True, **names)
    if name == "EEGPT":
        summary = features["features"].view(2, -1, 4, 64).flatten(1, 2).mean(1)
        torch.testing.assert_close(embedding.pooled, summary)
    else:
        torch.testing.assert_close(embedding.tokens.x, features["features"].reshape(embedding.tokens.x.shape))
    if name == "Labram":
        torch.testing.assert_close(embedding.pooled, features["cls_token"])
    assert len(embedding.layers) == 2


@needs_braindecode
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_the_grid_is_channels_by_patches(name: str) -> None:
    """Before any attention, a change of one channel in one patch can only show in tokens of that channel or time."""
    adapter = BraindecodeEEG(name, options=SMALL[name])
    tokens = embed(adapter, torch.randn(1, 19, 800)).tokens
    assert tokens is not None
    assert tokens.where is not None
    assert tokens.grid is not None
    channels, patches = tokens.grid
    assert (channels, patches) == ((19, 24) if name == "EEGPT" else (19, 4))
    time_s = tokens.where.view(channels, patches)
    assert torch.equal(time_s[0], time_s[-1])
    assert time_s[0, 0].item() == pytest.approx(0.16 if name == "EEGPT" else 0.5)


@needs_braindecode
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_burst_moves_the_token_of_its_channel_and_time_most(name: str) -> None:
    adapter = BraindecodeEEG(name, options=SMALL[name])
    quiet = 20 * torch.randn(1, 19, 800)
    burst = quiet.clone()
    burst[0, 7, 410:590] += 500 * torch.randn(180)
    layers = [embed(adapter, x).layers[0] for x in (quiet, burst)]
    change = (layers[0].x - layers[1].x).norm(dim=-1).view(*(layers[0].grid or ()))
    channel, patch = divmod(int(change.argmax()), change.shape[1])
    assert channel == 7
    assert layers[0].where is not None
    assert 2.0 <= float(layers[0].where.view(*change.shape)[channel, patch]) <= 3.0


@needs_braindecode
def test_heads_are_left_out_so_that_every_parameter_is_of_use() -> None:
    for name in (*CONVOLUTIONS, *TRANSFORMERS):
        adapter = BraindecodeEEG(name, options=SMALL.get(name))
        assert not [p for p in adapter.net.state_dict() if p.startswith("final_layer")], name


@needs_braindecode
def test_names_and_windows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown braindecode network 'EEGNetV9'; known: ATCNet, .*EEGNet, .*Labram"):
        BraindecodeEEG("EEGNetV9")
    with pytest.raises(ConfigError, match="Labram knows no channels NOWHERE"):
        BraindecodeEEG("Labram", channels=("Cz", "nowhere"), options=SMALL["Labram"])
    with pytest.raises(ConfigError, match="EEGPT knows no channels XY"):
        BraindecodeEEG("EEGPT", channels=("xy",), options=SMALL["EEGPT"])
    with pytest.raises(ConfigError, match="CBraMod does not fit 19 channels x 850 samples"):
        BraindecodeEEG("CBraMod", samples=850, options=SMALL["CBraMod"])
    with pytest.raises(ConfigError, match=r"EEGNet does not fit .*n_layers"):
        BraindecodeEEG("EEGNet", options={"n_layers": 3})
    with pytest.raises(ConfigError, match="expected a list of names"):
        BraindecodeEEG("EEGNet", channels="Cz")
    with pytest.raises(DataError, match=r"expected \[B, 19, 800\], found \[2, 19, 801\]"):
        BraindecodeEEG("EEGNet")(batch_of(torch.zeros(2, 19, 801)), EVERYTHING)


@needs_braindecode
def test_old_names_find_the_places_of_the_new_ones() -> None:
    old = tuple({"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}.get(name, name) for name in TEN_TWENTY)
    new = BraindecodeEEG("Labram", options=SMALL["Labram"])
    other = BraindecodeEEG("Labram", channels=old, options=SMALL["Labram"])
    other.load_state_dict(new.state_dict())
    data = torch.randn(1, 19, 800)
    assert torch.equal(embed(new, data).pooled, embed(other, data).pooled)  # type: ignore[arg-type]


@needs_braindecode
def test_weights_load_from_a_file_with_or_without_its_head(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    net, path = whole("EEGNet"), tmp_path / "a.safetensors"
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
    adapter = BraindecodeEEG("EEGNet", weights=str(path))
    assert torch.equal(adapter.net.conv_temporal.weight, net.conv_temporal.weight)
    save_file({"other": torch.zeros(1)}, path)
    with pytest.raises(DataError, match="expected the tensors of EEGNet"):
        BraindecodeEEG("EEGNet", weights=str(path))
    with pytest.raises(DataError, match=r"expected an existing \.safetensors file"):
        BraindecodeEEG("EEGNet", weights=str(tmp_path / "none.safetensors"))
