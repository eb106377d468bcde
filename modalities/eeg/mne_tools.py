"""The one door to mne: loaded when first needed, and quiet."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from xmodal.errors import XmodalError


def load_mne() -> Any:
    """The module mne.

    Raises:
        XmodalError: mne is not installed.
    """
    try:
        return importlib.import_module("mne")
    except ImportError as error:
        raise XmodalError("reading EEG needs mne: pip install 'xmodal[eeg]'") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Drop warnings inside this block only; mne repeats there what our own checks refuse or what does not matter.

    Its log goes to stdout, where it would stand in front of the output of `--json`.
    """
    log = logging.getLogger("mne")
    before = log.disabled
    log.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before
