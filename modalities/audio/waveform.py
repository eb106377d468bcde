"""What counts as a waveform: Tensor [C, T], all of one length, or Rows([T, C]), each of its own."""

from __future__ import annotations

from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import set_entry
from xmodal.errors import DataError


def waveform_of(sample: Sample, key: str) -> Tensor:
    """The waveform [C, T] of the entry `key`, in whichever of the two forms it is held; a DataError otherwise."""
    entry = sample.entries[key]
    waveform = entry.values.T if isinstance(entry, Rows) and entry.values.ndim == 2 else entry
    if isinstance(waveform, Rows) or waveform.ndim != 2 or not waveform.is_floating_point() or 0 in waveform.shape:
        found = "a set of another shape" if isinstance(waveform, Rows) else f"{list(waveform.shape)} {waveform.dtype}"
        expected = "a waveform of floats, [C, T] or Rows([T, C])"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected=expected, found=found)
    return waveform


def set_waveform(sample: Sample, key: str, waveform: Tensor) -> Sample:
    """The sample with another waveform [C, T], held in the form that the old one had."""
    held = isinstance(sample.entries[key], Rows)
    return set_entry(sample, key, Rows(waveform.T.contiguous()) if held else waveform)
