"""The values that travel between adapters and distillers, and the bus that lines them up.

Letters in shape comments: B batch, N tokens, D width, C classes, E raw elements (points), M pairs, k coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from xmodal.data.batch import Batch


@dataclass(frozen=True, slots=True)
class Tokens:
    """A set of local features of each sample, and where they lie.

    Attributes:
        x: [B, N, D].
        valid: [B, N] bool, or None when every token counts.
        where: [B, N, k] token centres in `frame`, or None.
        frame: the coordinate frame of `where`: "image_px", "lidar_m", "time_s", ...
        grid: the regular layout of the tokens with prod(grid) == N, or None.
        of: [B, E] the token that raw element e fell into, -1 for none; or None.
        key: the entry of the batch that the tokens were computed from.
    """

    x: Tensor
    valid: Tensor | None = None
    where: Tensor | None = None
    frame: str = ""
    grid: tuple[int, ...] | None = None
    of: Tensor | None = None
    key: str = ""

    def mask(self) -> Tensor:
        """[B, N] bool: which tokens count."""
        if self.valid is not None:
            return self.valid
        return torch.ones(self.x.shape[:2], dtype=torch.bool, device=self.x.device)

    def mean(self) -> Tensor:
        """[B, D]: the mean of the tokens that count (zeros for a sample without any)."""
        keep = self.mask().unsqueeze(-1).to(self.x.dtype)
        return (self.x * keep).sum(1) / keep.sum(1).clamp_min(1)


@dataclass(frozen=True, slots=True)
class Embedding:
    """Everything one model says about a batch.

    Attributes:
        pooled: [B, D] one vector a sample.
        tokens: local features of the last layer.
        layers: hidden layers in depth order; each has its own N, D and grid.
        outputs: by task: logits, metres, images; any shape that starts with B.
        attention: (query, key) of each layer that exposes them.
        parts: the embeddings of sub-models, such as an image and a text tower.
    """

    pooled: Tensor | None = None
    tokens: Tokens | None = None
    layers: tuple[Tokens, ...] = ()
    outputs: Mapping[str, Tensor] = field(default_factory=dict)
    attention: tuple[tuple[Tensor, Tensor], ...] = ()
    parts: Mapping[str, Embedding] = field(default_factory=dict)

    def detach(self) -> Embedding:
        """The same values without gradient."""
        moved: Embedding = map_tensors(self, Tensor.detach)
        return moved

    def rows(self, index: Tensor) -> Embedding:
        """The embedding of the samples named by index [b]."""
        moved: Embedding = map_tensors(self, lambda t: t[index])
        return moved

    def need_pooled(self, owner: str) -> Tensor:
        """pooled, or an error that says who lacks it."""
        if self.pooled is None:
            raise ValueError(f"{owner} returned no pooled vector, but a task or distiller reads it")
        return self.pooled

    def need_tokens(self, owner: str) -> Tokens:
        """tokens, or an error that says who lacks them."""
        if self.tokens is None:
            raise ValueError(f"{owner} returned no tokens, but a task or distiller reads them")
        return self.tokens


def map_tensors(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Apply `change` to every tensor inside nested dataclasses, mappings and tuples."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, Mapping):
        return {k: map_tensors(v, change) for k, v in value.items()}
    if isinstance(value, tuple) and not all(isinstance(v, int) for v in value):
        return tuple(map_tensors(v, change) for v in value)
    if isinstance(value, (Tokens, Embedding, Pairs)):
        return replace(value, **{f.name: map_tensors(getattr(value, f.name), change) for f in fields(value)})
    return value


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which tokens of two models look at the same thing.

    Attributes:
        index: [M, 3] long: sample, token in the first model, token in the second.
        weight: [M] float: how much the two overlap (raw elements shared), > 0.
    """

    index: Tensor
    weight: Tensor


Switch = Callable[..., Embedding]
"""(tokens, valid, layer, rows) -> Embedding: the upper part of a frozen teacher, kept in the graph."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One step as a distiller sees it: every model's embedding of the same batch.

    Attributes:
        student: what the student returned.
        student_as: by teacher: the student projected to that teacher's widths.
        teachers: frozen, detached, run once.
        peers: models that train along and are dropped at export.
        switch: by teacher: its upper part, frozen but in the graph.
        pairs: by ("student", teacher): paired tokens.
        labels / labelled: by task: targets, and [B] bool which samples have them.
        taught: by teacher or peer: [B] bool, the samples for which it had all its inputs.
        all_taught: those of them that are known to have had all their inputs for every sample.
        present: by entry: [B] bool.
        batch: the raw entries.
        seen: the batch as teachers and peers saw it; another one than `batch` in the control without pairing.
        progress: share of the phase that is done, in [0, 1].
    """

    student: Embedding
    batch: Batch
    student_as: Mapping[str, Embedding] = field(default_factory=dict)
    teachers: Mapping[str, Embedding] = field(default_factory=dict)
    peers: Mapping[str, Embedding] = field(default_factory=dict)
    switch: Mapping[str, Switch] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], Pairs] = field(default_factory=dict)
    taught: Mapping[str, Tensor] = field(default_factory=dict)
    all_taught: frozenset[str] = frozenset()
    seen: Batch | None = None
    progress: float = 0.0

    def other(self, name: str) -> Embedding:
        """The embedding of a teacher or peer."""
        return self.teachers[name] if name in self.teachers else self.peers[name]

    @property
    def labels(self) -> Mapping[str, Any]:
        return self.batch.labels

    @property
    def labelled(self) -> Mapping[str, Tensor]:
        return self.batch.labelled

    @property
    def present(self) -> Mapping[str, Tensor]:
        return self.batch.present

    @property
    def index(self) -> Tensor:
        return self.batch.index


class Bus(nn.Module):
    """Projects the student, and only the student, to the widths of each teacher.

    Args:
        widths: by teacher: {"pooled": (student width, teacher width), "tokens": (...)}; a part that no
            distiller asked for is left out, so that no parameter goes unused.
    """

    def __init__(self, widths: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
        super().__init__()
        self.projectors = nn.ModuleDict(
            {
                teacher: nn.ModuleDict({part: nn.Linear(*pair) for part, pair in parts.items()})
                for teacher, parts in widths.items()
            }
        )

    def forward(self, student: Embedding) -> dict[str, Embedding]:
        """The student in each teacher's width: {teacher: Embedding}."""
        return {name: self._project(student, parts) for name, parts in self.projectors.items()}

    @staticmethod
    def _project(student: Embedding, parts: Any) -> Embedding:
        pooled = parts["pooled"](student.need_pooled("student")) if "pooled" in parts else None
        tokens = None
        if "tokens" in parts:
            own = student.need_tokens("student")
            tokens = replace(own, x=parts["tokens"](own.x))
        return Embedding(pooled=pooled, tokens=tokens)
