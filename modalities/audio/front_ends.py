"""The front ends by name, with the settings of the models they belong to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from xmodal.errors import unknown
from xmodal.modalities.audio.efficient_at import EfficientAtMel
from xmodal.modalities.audio.front_end import FrontEnd
from xmodal.modalities.audio.kaldi import KaldiFbank
from xmodal.modalities.audio.log_mel import LogMel
from xmodal.modalities.audio.resample import resample

# AST and ImageBind divide by the same number: twice the standard deviation of AudioSet in AST's terms.
_NAMED: dict[str, tuple[Callable[..., FrontEnd], dict[str, float | int]]] = {
    "logmel": (LogMel, {}),
    "ast": (KaldiFbank, {"frames": 1024, "mean": -4.2677393, "scale": 2 * 4.5689974}),
    "imagebind": (KaldiFbank, {"frames": 204, "mean": -4.268, "scale": 9.138}),
    "efficientat": (EfficientAtMel, {}),
}


def make_front_end(name: str = "logmel", settings: Mapping[str, Any] | None = None) -> FrontEnd:
    """The front end of that name.

    | name | rate | bands x frames | window / hop | normalisation |
    |---|---|---|---|---|
    | "logmel" | 16 kHz | 64 x any | 25 / 10 ms | none |
    | "ast" | 16 kHz | 128 x 1024 | 25 / 10 ms | (x + 4.268) / (2 x 4.569) |
    | "imagebind" | 16 kHz | 128 x 204 | 25 / 10 ms | (x + 4.268) / 9.138 |
    | "efficientat" | 32 kHz | 128 x any | 25 / 10 ms | (x + 4.5) / 5 |

    Args:
        settings: arguments of its class (`LogMel`, `KaldiFbank`, `EfficientAtMel`) in place of those above, such as
            {"frames": 100}.

    Raises:
        ConfigError: an unknown name or setting.
    """
    if name not in _NAMED:
        raise unknown("front end", name, _NAMED)
    kind, own = _NAMED[name]
    known = inspect.signature(kind).parameters
    for setting in settings or {}:
        if setting not in known:
            raise unknown(f"setting of front end {name!r}", setting, known)
    return kind(**{**own, **(settings or {})})


def spectrogram(front_end: FrontEnd, waveform: Tensor, rate_hz: int) -> Tensor:
    """Waveform [C, T] or [B, C, T] at `rate_hz` -> [1, F, T'] or [B, 1, F, T']; channels are averaged first."""
    mono = resample(waveform.mean(-2), rate_hz, front_end.rate_hz)
    made: Tensor = front_end(mono if mono.ndim == 2 else mono.unsqueeze(0))
    return made if mono.ndim == 2 else made.squeeze(0)
