"""Precomputed embeddings for a small model at test time: by key, with a defined answer for a key that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from xmodal.bus import Embedding
from xmodal.errors import ConfigError, DataError, unknown
from xmodal.store.reader import Store
from xmodal.store.rows import rebuild

Missing = Literal["error", "zero", "mean"]


class Lookup:
    """Foundation embeddings computed ahead of time and looked up by key (the way in which SOLARIS serves them).

    Args:
        folder: a finished store.
        missing: what a key without a record is answered with: an "error", "zero"s, or the "mean" of the first
            thousand records. Other than an error only where all records have one shape.

    Raises:
        ConfigError: `missing` is none of these, or records differ in shape.
    """

    def __init__(self, folder: Path, missing: Missing = "error") -> None:
        if missing not in ("error", "zero", "mean"):
            raise unknown("missing", missing, ("error", "zero", "mean"))
        self.store, self.missing = Store(folder), missing
        if missing != "error" and self.store.records.varying:
            parts = ", ".join(part.name for part in self.store.records.varying)
            raise ConfigError(
                f"{folder}: a key without a record can only be an error where records differ in shape, as {parts} does "
                f"here; found missing={missing!r}"
            )
        self._stand_in = self._made(missing)

    def __call__(self, keys: Sequence[str]) -> tuple[Embedding, Tensor]:
        """The embeddings side by side, and [B] bool which of the keys have a record.

        Raises:
            DataError: a key has none, and `missing` is "error"; a record is damaged.
        """
        if not keys and self.missing == "error":
            raise ValueError("expected at least one key, found none")
        known = torch.tensor([key in self.store for key in keys], dtype=torch.bool)
        if self.missing == "error" and not bool(known.all()):
            key = keys[int((~known).nonzero()[0])]
            raise DataError(f"{self.store.folder}: key {key!r}", expected="a record of it", found="none")
        if bool(known.any()):
            columns = self.store.columns([self.store.record(k) for k, there in zip(keys, known, strict=True) if there])
        else:
            columns = {name: value[:0] for name, value in self._stand_in.items()}
        whole = {}
        for name, value in columns.items():
            whole[name] = value.new_empty(len(keys), *value.shape[1:])
            whole[name][known] = value
            if name in self._stand_in:
                whole[name][~known] = self._stand_in[name].to(value.dtype)
        return rebuild(whole, self.store.layout), known

    def _made(self, missing: Missing) -> dict[str, Tensor]:
        """By part: [1, ...]."""
        if missing == "error":
            return {}
        count = min(1000, len(self.store)) if missing == "mean" else 1
        columns = self.store.columns([i * self.store.views for i in range(count)])
        if missing == "zero":
            return {name: torch.zeros_like(value[:1]) for name, value in columns.items()}
        return {
            name: value.float().mean(0, keepdim=True) if value.is_floating_point() else value[:1]
            for name, value in columns.items()
        }
