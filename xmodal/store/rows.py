"""An embedding of a batch as one row of named tensors for each sample, without padding, and back.

Names are paths into `Embedding`: "pooled", "tokens.x", "layers.2.valid", "outputs.digit", "parts.image.pooled".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from xmodal.adapter import Adapter
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, Ragged

Row = dict[str, Tensor]
CONSTANT = ("frame", "grid", "key")
"""Fields of `Tokens` that are the same for every sample."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is the same in every row of one teacher: enough to rebuild an `Embedding` from named tensors.

    Attributes:
        names: of the tensors, in a fixed order.
        constants: by the path of a set of tokens: its frame, grid and key.
    """

    names: tuple[str, ...]
    constants: Mapping[str, Mapping[str, Any]]

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"names": list(self.names), "constants": {path: dict(c) for path, c in self.constants.items()}}

    @staticmethod
    def of_plain(value: Mapping[str, Any]) -> Layout:
        constants = {
            path: {**c, "grid": None if c["grid"] is None else tuple(c["grid"])}
            for path, c in value["constants"].items()
        }
        return Layout(tuple(value["names"]), constants)


def layout_of(embedding: Embedding) -> Layout:
    """The names and constants of what a teacher returned."""
    constants = {path: {name: getattr(t, name) for name in CONSTANT} for path, t in _token_sets(embedding)}
    return Layout(tuple(name for name, _ in _named(embedding)), constants)


def token_outputs(teacher: Adapter) -> frozenset[str]:
    """The tasks whose outputs have one row for each token."""
    levels: Mapping[str, str] = getattr(teacher, "levels", {})
    return frozenset(task for task, level in levels.items() if level == "tokens")


def to_rows(embedding: Embedding, batch: Batch, token_outputs: frozenset[str] = frozenset()) -> list[Row]:
    """One dict a sample, on the CPU; padding behind the valid tokens and the raw elements is cut off.

    Args:
        token_outputs: the tasks whose outputs have one row for each token.
    """
    cuts = _cuts(embedding, batch, token_outputs)
    whole = [(name, value.detach().cpu(), cuts.get(name)) for name, value in _named(embedding)]
    return [
        {name: (value[i] if cut is None else value[i, : cut[i]]).clone() for name, value, cut in whole}
        for i in range(len(batch))
    ]


def to_embedding(rows: Sequence[Row], layout: Layout, device: torch.device | str = "cpu") -> Embedding:
    """Rows side by side, padded to the longest; `of` is padded with -1, everything else with zeros."""
    columns = {name: padded([row[name] for row in rows], name).to(device) for name in layout.names}
    return rebuild(columns, layout)


def padded(values: Sequence[Tensor], name: str) -> Tensor:
    """[B, longest, ...]."""
    if values[0].dim() == 0 or len({v.shape[0] for v in values}) == 1:
        return torch.stack(list(values))
    return pad_sequence(list(values), batch_first=True, padding_value=-1 if name.endswith(".of") else 0)


def rebuild(columns: Mapping[str, Tensor], layout: Layout) -> Embedding:
    """The embedding whose tensors are given by name."""
    return _rebuild(columns, layout, "")


def _rebuild(columns: Mapping[str, Tensor], layout: Layout, prefix: str) -> Embedding:
    def tokens(path: str) -> Tokens | None:
        own = layout.constants.get(path)
        if own is None:
            return None
        parts = {name: columns.get(f"{path}.{name}") for name in ("x", "valid", "where", "of")}
        assert parts["x"] is not None
        return Tokens(**parts, **own)  # type: ignore[arg-type]

    def below(kind: str) -> list[str]:
        start = f"{prefix}{kind}."
        found = (name[len(start) :].split(".")[0] for name in layout.names if name.startswith(start))
        return list(dict.fromkeys(found))

    layers = tuple(tokens(f"{prefix}layers.{i}") for i in range(len(below("layers"))))
    attention = tuple(
        (columns[f"{prefix}attention.{i}.query"], columns[f"{prefix}attention.{i}.key"])
        for i in range(len(below("attention")))
    )
    return Embedding(
        pooled=columns.get(f"{prefix}pooled"),
        tokens=tokens(f"{prefix}tokens"),
        layers=tuple(layer for layer in layers if layer is not None),
        outputs={name: columns[f"{prefix}outputs.{name}"] for name in below("outputs")},
        attention=attention,
        parts={name: _rebuild(columns, layout, f"{prefix}parts.{name}.") for name in below("parts")},
    )


def _named(embedding: Embedding, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    if embedding.pooled is not None:
        yield f"{prefix}pooled", embedding.pooled
    for path, tokens in _own_token_sets(embedding, prefix):
        for field in fields(tokens):
            value = getattr(tokens, field.name)
            if isinstance(value, Tensor):
                yield f"{path}.{field.name}", value
    for name, value in embedding.outputs.items():
        yield f"{prefix}outputs.{name}", value
    for i, (query, key) in enumerate(embedding.attention):
        yield f"{prefix}attention.{i}.query", query
        yield f"{prefix}attention.{i}.key", key
    for name, part in embedding.parts.items():
        yield from _named(part, f"{prefix}parts.{name}.")


def _own_token_sets(embedding: Embedding, prefix: str) -> Iterator[tuple[str, Tokens]]:
    if embedding.tokens is not None:
        yield f"{prefix}tokens", embedding.tokens
    for i, layer in enumerate(embedding.layers):
        yield f"{prefix}layers.{i}", layer


def _token_sets(embedding: Embedding, prefix: str = "") -> Iterator[tuple[str, Tokens]]:
    yield from _own_token_sets(embedding, prefix)
    for name, part in embedding.parts.items():
        yield from _token_sets(part, f"{prefix}parts.{name}.")


def varying(embedding: Embedding, token_outputs: frozenset[str]) -> frozenset[str]:
    """The names of the tensors whose number of rows may differ from sample to sample."""
    found: set[str] = set()
    for path, tokens in _token_sets(embedding):
        if tokens.valid is not None:
            found |= {f"{path}.{name}" for name in ("x", "valid", "where")}
            found |= {f"outputs.{task}" for task in token_outputs if path == "tokens"}
        found |= {f"{path}.of"}
    return frozenset(found)


def _cuts(embedding: Embedding, batch: Batch, token_outputs: frozenset[str]) -> dict[str, list[int]]:
    """By name: how many leading items of each sample are no padding."""
    cuts: dict[str, list[int]] = {}
    for path, tokens in _token_sets(embedding):
        counts = _valid_in_front(tokens)
        if counts is not None:
            names = [f"{path}.{name}" for name in ("x", "valid", "where")]
            if path == "tokens":
                names += [f"outputs.{task}" for task in token_outputs]
            cuts |= dict.fromkeys(names, counts)
        entry = batch.entries.get(tokens.key)
        if tokens.of is not None and isinstance(entry, Ragged):
            cuts[f"{path}.of"] = entry.lengths.tolist()
    return cuts


def _valid_in_front(tokens: Tokens) -> list[int] | None:
    """How many tokens of each sample count, where those stand in front of all others."""
    if tokens.valid is None:
        return None
    counts = tokens.valid.sum(1)
    in_front = torch.arange(tokens.valid.shape[1], device=counts.device) < counts.unsqueeze(1)
    found: list[int] = counts.tolist()
    return found if torch.equal(in_front, tokens.valid) else None


def map_columns(columns: Mapping[str, Tensor], change: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """Every tensor changed."""
    return {name: change(value) for name, value in columns.items()}


def without_content(columns: Mapping[str, Tensor], known: Tensor) -> dict[str, Tensor]:
    """Rows that are not known [B] say that none of their tokens counts."""
    blank = {"valid": 0, "of": -1}
    found = dict(columns)
    for name, value in columns.items():
        last = name.rsplit(".")[-1]
        if last in blank:
            found[name] = value.clone()
            found[name][~known] = blank[last]
    return found
