"""Choose what the potentials are measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xmodal.errors import ConfigError
from xmodal.modalities.eeg.channels import match
from xmodal.modalities.eeg.recording import Recording


def average_reference(recording: Recording) -> Recording:
    """Potentials against the mean of all channels at each moment: they sum to 0."""
    data = recording.data.double()
    return replace(recording, data=(data - data.mean(0)).float())


def named_reference(recording: Recording, names: Sequence[str]) -> Recording:
    """Potentials against the mean of the named channels, such as the mastoids ("M1", "M2"); all channels are kept.

    Raises:
        DataError: a named channel is missing.
    """
    if not names:
        raise ConfigError("named_reference needs at least one channel")
    data = recording.data.double()
    return replace(recording, data=(data - data[match(recording.channels, names)].mean(0)).float())
