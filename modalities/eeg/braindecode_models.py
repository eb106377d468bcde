"""Networks of braindecode by name, as adapters: tokens and hidden layers by calling their own parts one by one."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.adapter import Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DataError, XmodalError, unknown
from xmodal.modalities.eeg.base import EXAMPLE_RATE_HZ, EXAMPLE_SAMPLES, EEGAdapter
from xmodal.modalities.eeg.channels import TEN_TWENTY, canonical
from xmodal.modalities.eeg.mne_tools import quiet
from xmodal.modalities.eeg.stages import (
    CONVOLUTIONS,
    TRANSFORMERS,
    Level,
    Stages,
    convolution_stages,
    eegpt_check,
)

POOLED_ONLY = (
    "ATCNet", "AttentionBaseNet", "BDTCN", "BENDR", "BrainModule", "CTNet", "CodeBrain", "ContraWR",
    "DeepSleepNet", "EEGConformer", "EEGInceptionMI", "EEGMiner", "EEGNeX", "EEGSimpleConv", "EEGTCNet", "FBCNet",
    "FBLightConvNet", "FBMSNet", "IFNet", "LUNA", "MEDFormer", "MSVTNet", "PBT", "SCCNet", "SPARCNet",
    "SSTDPN", "STEEGFormer", "SignalJEPA_PostLocal", "SignalJEPA_PreLocal", "SincShallowNet",
    "SleepStagerChambon2018", "SyncNet", "TCFormer", "TIDNet", "TSception",
)  # fmt: skip
"""Networks of which only the last vector is taken; each keeps the contract of adapters in a test."""


class BraindecodeEEG(EEGAdapter):
    """A braindecode network over windows [B, C, T] in microvolts, with random weights.

    Convolutions have patches of time as tokens, grid (1, patches); the large transformers have one for each channel
    and patch, grid (channels, patches); the others have a pooled vector only.

    Args:
        name: such as "EEGNet", "ShallowFBCSPNet", "CBraMod", "Labram", "EEGDINO", "EEGPT".
        channels: names of the C channels in the order of the data; Labram and EEGPT look up their places.
        samples: T.
        rate_hz: samples a second; the large transformers were trained at 200 (EEGPT: 256).
        width: D of `pooled` for the networks without tokens, no more than a starting point for the others.
        unit_uv: microvolts that the network sees as 1; Labram, CBraMod and EEGDINO were trained with 100.
        weights: a .safetensors file with the network's weights, as braindecode names them; its head is not needed.
        options: further arguments of the network's constructor, such as {"n_layer": 4}.

    Raises:
        ConfigError: the name, a channel, an option or the number of samples does not fit.
        XmodalError: braindecode is not installed.
    """

    initial = ("weights",)

    def __init__(
        self,
        name: str = "EEGNet",
        *,
        key: str = "eeg",
        channels: Sequence[str] = TEN_TWENTY,
        samples: int = EXAMPLE_SAMPLES,
        rate_hz: float = EXAMPLE_RATE_HZ,
        width: int = 64,
        unit_uv: float = 100.0,
        weights: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(channels, str) or not all(isinstance(c, str) for c in channels):
            raise ConfigError(f"channels: expected a list of names, found {channels!r}")
        super().__init__(key, len(channels), rate_hz, unit_uv)
        known = (*CONVOLUTIONS, *TRANSFORMERS, *POOLED_ONLY)
        if name not in known:
            raise unknown("braindecode network", name, known)
        self.name, self.samples = name, samples
        self.names = tuple(canonical(c) for c in channels)
        self.net = _create(name, self.names, samples, rate_hz, width, options or {})
        self.width, self.token_width, self.layer_widths = self._sizes(width)
        if weights is not None:
            _load(self.net, Path(weights))

    def forward(self, batch: Batch, need: Need) -> Embedding:
        x = self.signal(batch, least=1, samples=self.samples)
        if self.name in POOLED_ONLY:
            return Embedding(pooled=self.net(x))
        stages = self._stages(x)
        return Embedding(
            pooled=stages.pooled if need.pooled else None,
            tokens=self._tokens(stages.tokens) if need.tokens else None,
            layers=tuple(self._tokens(level) for level in stages.layers) if need.layers else (),
        )

    def _stages(self, x: Tensor) -> Stages:
        if self.name in CONVOLUTIONS:
            return convolution_stages(self.net, x, CONVOLUTIONS[self.name])
        return TRANSFORMERS[self.name](self.net, x, self.names)

    def _tokens(self, level: Level) -> Tokens:
        return self.in_time(level.x, level.centres, level.rows)

    def _sizes(self, width: int) -> tuple[int, int, tuple[int, ...]]:
        """(width, token width, layer widths), from a window of zeros; it also shows whether the window fits."""
        window, training = torch.zeros(1, self.channels, self.samples), self.net.training
        self.net.eval()
        try:
            with torch.no_grad():
                if self.name in POOLED_ONLY:
                    self.net(window)
                    return width, 0, ()
                stages = self._stages(window)
        except (ValueError, RuntimeError) as error:
            raise _misfit(self.name, self.channels, self.samples, error) from error
        finally:
            self.net.train(training)
        return stages.pooled.shape[1], stages.tokens.x.shape[2], tuple(level.x.shape[2] for level in stages.layers)


def _create(
    name: str, names: tuple[str, ...], samples: int, rate_hz: float, width: int, options: Mapping[str, Any]
) -> Any:
    try:
        with quiet():  # it imports packages that warn of their own future
            models = importlib.import_module("braindecode.models")
    except ImportError as error:
        raise XmodalError(f"{name} needs braindecode: pip install 'xmodal[eeg]'") from error
    # A finished model's options come back from JSON as tuples, and some networks take lists only.
    chosen = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
    if name == "EEGPT":
        eegpt_check(names)
        # Its tokens are channels only as long as it does not mix them into others first.
        chosen = {"chan_proj_type": "none", "chs_info": [{"ch_name": n} for n in names], **chosen}
    try:
        with quiet():
            net = getattr(models, name)(n_chans=len(names), n_times=samples, sfreq=rate_hz, n_outputs=width, **chosen)
    except (TypeError, ValueError, RuntimeError, AssertionError, ZeroDivisionError) as error:
        raise _misfit(name, len(names), samples, error) from error
    if name not in POOLED_ONLY:
        net.final_layer = nn.Identity()  # its head would be trained and saved for nothing
    return net


def _misfit(name: str, channels: int, samples: int, error: Exception) -> ConfigError:
    return ConfigError(f"{name} does not fit {channels} channels x {samples} samples and its options: {error}")


def _load(net: Any, path: Path) -> None:
    if path.suffix != ".safetensors" or not path.is_file():
        raise DataError(f"weights {path}", expected="an existing .safetensors file", found="none")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = {name: value for name, value in load_file(path).items() if not name.startswith("final_layer.")}
        net.load_state_dict(state)
    except (SafetensorError, RuntimeError) as error:
        found = f"others ({' '.join(str(error).split())[:200]})"
        raise DataError(f"weights {path}", expected=f"the tensors of {type(net).__name__}", found=found) from error
