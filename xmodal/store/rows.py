"""An embedding of a batch as one row of named tensors for each sample, without padding, and back.

Names are paths into `Embedding`: "pooled", "tokens.x", "layers.2.valid", "outputs.digit", "parts.image.pooled".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from xmodal.adapter import Adapter
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.errors import DataError

Row = dict[str, Tensor]
CONSTANT = ("frame", "grid", "key")
"""Fields of `Tokens` that are the same for every sample."""


@dataclass(frozen=True)
class Layout:
    """What is the same in every row of one teacher: enough to rebuild an `Embedding` from named tensors.

    Attributes:
        names: of the tensors, in a fixed order.
        constants: by the path of a set of tokens: its frame, grid and key; of hidden layers that are left out too,
            so that the others keep their numbers.
    """

    names: tuple[str, ...]
    constants: Mapping[str, Mapping[str, Any]]

    @cached_property
    def outline(self) -> Outline:
        return _outline(self)

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


def named(embedding: Embedding) -> dict[str, Tensor]:
    """Every tensor by its path."""
    return dict(_named(embedding))


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


def padded(values: Sequence[Tensor], name: str) -> Tensor:
    """[B, longest, ...]."""
    if values[0].dim() == 0 or len({v.shape[0] for v in values}) == 1:
        return torch.stack(list(values))
    return pad_sequence(list(values), batch_first=True, padding_value=-1 if name.endswith(".of") else 0)


def rebuild(columns: Mapping[str, Tensor], layout: Layout) -> Embedding:
    """The embedding whose tensors are given by name."""
    return _rebuild(columns, layout.outline)


def _rebuild(columns: Mapping[str, Tensor], outline: Outline) -> Embedding:
    return Embedding(
        pooled=None if outline.pooled is None else columns[outline.pooled],
        tokens=None if outline.tokens is None else _tokens(columns, outline.tokens),
        layers=tuple(_layer(columns, layer) for layer in outline.layers),
        outputs=_Outputs({name: columns[path] for name, path in outline.outputs}),
        attention=tuple((columns[query], columns[key]) for query, key in outline.attention),
        parts={name: _rebuild(columns, inner) for name, inner in outline.parts},
    )


class _Outputs(dict[str, Tensor]):
    """By task; one that a store does not hold is told to whoever reads it."""

    def __missing__(self, task: str) -> Tensor:
        found = ", ".join(self) or "none"
        raise DataError(f"outputs.{task}", expected="this output in the teacher's store", found=found)


class LeftOut:
    """Stands where a hidden layer is that a store does not hold: an error for whoever reads it."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise DataError(self._path, expected="this layer in the teacher's store", found="that it was left out of it")


def _layer(columns: Mapping[str, Tensor], place: TokenSet) -> Tokens:
    return _tokens(columns, place) if "x" in place.names else cast("Tokens", LeftOut(place.path))


def _tokens(columns: Mapping[str, Tensor], place: TokenSet) -> Tokens:
    tensors: dict[str, Any] = {field: columns[name] for field, name in place.names.items()}
    return Tokens(**tensors, **place.constants)


class TokenSet(NamedTuple):
    """The path of one set of tokens, the names of its tensors by field, and its constants."""

    path: str
    names: Mapping[str, str]
    constants: Mapping[str, Any]


class Outline(NamedTuple):
    """Which tensor goes where, worked out once: an embedding is rebuilt in every step.

    Attributes:
        pooled: the name of the tensor; tokens, layers: sets of tokens; outputs, attention: names.
        parts: those of sub-models.
    """

    pooled: str | None
    tokens: TokenSet | None
    layers: Sequence[TokenSet]
    outputs: Sequence[tuple[str, str]]
    attention: Sequence[tuple[str, str]]
    parts: Sequence[tuple[str, Outline]]


def _outline(layout: Layout, prefix: str = "") -> Outline:
    def below(kind: str, paths: Iterable[str]) -> list[str]:
        start = f"{prefix}{kind}."
        found = (path[len(start) :].split(".")[0] for path in paths if path.startswith(start))
        return list(dict.fromkeys(found))

    def tokens(path: str) -> TokenSet:
        names = {field: f"{path}.{field}" for field in ("x", "valid", "where", "of")}
        kept = {field: name for field, name in names.items() if name in layout.names}
        return TokenSet(path, kept, layout.constants[path])

    layers, attention = below("layers", layout.constants), below("attention", layout.names)
    return Outline(
        pooled=f"{prefix}pooled" if f"{prefix}pooled" in layout.names else None,
        tokens=tokens(f"{prefix}tokens") if f"{prefix}tokens.x" in layout.names else None,
        layers=[tokens(f"{prefix}layers.{i}") for i in range(len(layers))],
        outputs=[(name, f"{prefix}outputs.{name}") for name in below("outputs", layout.names)],
        attention=[(f"{prefix}attention.{i}.query", f"{prefix}attention.{i}.key") for i in range(len(attention))],
        parts=[(name, _outline(layout, f"{prefix}parts.{name}.")) for name in below("parts", layout.names)],
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
