"""What a store will look like, settled before anything is written, from the first batches alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError, DiskFull
from xmodal.store.batches import BATCH
from xmodal.store.encodings import Form, fit_basis
from xmodal.store.records import Part, Records, part_of
from xmodal.store.rows import Layout, Row, layout_of, to_rows, varying

SAMPLED_BATCHES = 8
"""From which a PCA and the error of a form are made, spread evenly over the store."""
RAW = ("valid", "where", "of")
"""Parts of tokens that are kept as they are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Layout and records; how many of these make a shard; what the forms cost.

    Attributes:
        layout: rebuilds embeddings.
        records: parts and bases.
        records_per_shard: a multiple of the batch.
        record_bytes: on average, in the batches looked at.
        error: by part that is not kept as it is: the root of the mean squared error over that of the values, or, where
            the largest are kept, the mean probability of all others.
    """

    layout: Layout
    records: Records
    records_per_shard: int
    record_bytes: int
    error: Mapping[str, float]

    def plain(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """As plan.json holds it, with what the store is made from."""
        return {
            "made": dict(made),
            "layout": self.layout.plain(),
            "parts": [part.plain() for part in self.records.parts],
            "records_per_shard": self.records_per_shard,
            "lost_variance": {name: basis.lost for name, basis in self.records.bases.items()},
            "error": dict(self.error),
        }


def plan(
    batches: Iterable[Batch],
    run: Callable[[Batch], Embedding],
    forms: Mapping[str, Form],
    token_outputs: frozenset[str],
    shard_bytes: int,
) -> Plan:
    """Look at some batches and settle how the outputs are kept.

    Args:
        batches: those to look at; run: the teacher.
        forms: by the start of a part's path ("tokens", "outputs.digit"); "" for all others.
        shard_bytes: of a shard, about.

    Raises:
        ConfigError: a form names no part of this teacher, or asks for more channels than there are.
    """
    seen = [(batch, run(batch)) for batch in batches]
    rows = [row for batch, embedding in seen for row in to_rows(embedding, batch, token_outputs)]
    ragged = varying(seen[0][1], token_outputs)
    layout = _kept(layout_of(seen[0][1]), forms)
    chosen = _chosen(layout.names, rows[0], forms, ragged)
    bases = {
        name: fit_basis(torch.cat([row[name].float().reshape(-1, row[name].shape[-1]) for row in rows]), form.pca, name)
        for name, form in chosen.items()
        if form is not None and form.pca
    }
    parts = tuple(
        part_of(name, rows[0][name], varies=name in ragged, form=chosen[name], basis=bases.get(name))
        for name in layout.names
    )
    records = Records(parts, bases)
    encoded = [records.to_bytes(row, f"record {i}")[0] for i, row in enumerate(rows)]
    size = sum(len(record) for record in encoded) // len(encoded)
    per_shard = BATCH * max(1, shard_bytes // (BATCH * size))
    return Plan(layout, records, per_shard, size, {p.name: _error(p, records, rows) for p in parts if _lossy(p)})


def _kept(layout: Layout, forms: Mapping[str, Form]) -> Layout:
    """Without the names of parts that are left out."""
    for path in forms:
        if path and not any(_under(name, path) for name in layout.names):
            raise ConfigError(f"form of {path!r}: the teacher returns {', '.join(layout.names)}")
    names = tuple(name for name in layout.names if forms.get(nearest(name, forms), Form()).kind != "none")
    if not names:
        raise ConfigError("form: nothing is left to store")
    gone = [name for name in layout.names if name not in names and ".attention." in f".{name}"]
    if gone and any(".attention." in f".{name}" for name in names):
        raise ConfigError(f"form of {gone[0]!r}: attention is kept of all layers or of none")
    return replace(layout, names=names)


def _chosen(
    names: Sequence[str], row: Row, forms: Mapping[str, Form], ragged: frozenset[str]
) -> dict[str, Form | None]:
    chosen = {name: _form_of(name, row[name], forms) for name in names}
    for name, form in chosen.items():
        if form is not None and form.top and ".outputs." not in f".{name}":
            raise ConfigError(
                f"form of {name!r}: the largest are kept of logits, such as outputs.TASK, not of features"
            )
        if form is None or name not in ragged or row[name].dim() > 1:
            continue
        if form.pca or form.top:
            raise ConfigError(f"form of {name!r}: a token has one number there, of which nothing can be left out")
        if form.kind == "int8":  # a scale for each number would take more room than the number
            chosen[name] = Form()
    return chosen


def _form_of(name: str, value: Tensor, forms: Mapping[str, Form]) -> Form | None:
    if name.rsplit(".", 1)[-1] in RAW or not value.is_floating_point() or value.dim() == 0:
        return None
    return forms.get(nearest(name, forms), Form())


def nearest(name: str, forms: Iterable[str]) -> str:
    """Of the paths that forms are given for, the longest that a part lies under; "" where there is none."""
    return max((path for path in forms if _under(name, path)), key=len, default="")


def _under(name: str, path: str) -> bool:
    return not path or name == path or name.startswith(f"{path}.")


def _lossy(part: Part) -> bool:
    return part.form is not None and (part.form.kind != part.dtype or bool(part.form.pca or part.form.top))


def _error(part: Part, records: Records, rows: Sequence[Row]) -> float:
    """Over the rows looked at."""
    assert part.form is not None
    square, whole = 0.0, 0.0
    for row in rows:
        back = records.again(part, row[part.name])
        if part.form.top:
            kept = back.double().softmax(-1).topk(min(part.form.top, part.shape[-1]), -1).values.sum(-1)
            square, whole = square + float((1 - kept).sum()), whole + kept.numel()
        else:
            square += float((back.double() - row[part.name].double()).square().sum())
            whole += float(row[part.name].double().square().sum())
    return square / max(whole, 1e-30) if part.form.top else (square / max(whole, 1e-30)) ** 0.5


def check_room(folder: Path, needed: int) -> None:
    """Raises DiskFull where the disk has less than these bytes, a twentieth more for the rest of a store."""
    free = shutil.disk_usage(folder).free
    if free < needed * 1.05:
        raise DiskFull(f"{folder}: the store needs about {needed / 1e6:,.0f} MB, and the disk has {free / 1e6:,.0f} MB")
