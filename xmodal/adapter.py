"""An adapter turns a batch into an Embedding; a model is an adapter with a head for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from xmodal.bus import Embedding, Tokens

if TYPE_CHECKING:
    from xmodal.data.batch import Batch
    from xmodal.data.sample import Sample
    from xmodal.tasks import Task


@dataclass(frozen=True, slots=True)
class Need:
    """What tasks and distillers will read of a model; it computes no more than this. Combine with `|`."""

    pooled: bool = False
    tokens: bool = False
    layers: bool = False
    attention: bool = False

    def __or__(self, other: Need) -> Need:
        return Need(
            self.pooled or other.pooled,
            self.tokens or other.tokens,
            self.layers or other.layers,
            self.attention or other.attention,
        )


class Adapter(nn.Module):
    """Base class of every modality: batch in, Embedding out.

    A new modality subclasses this, sets the class attributes, and names itself in the entry-point group
    `xmodal.modalities`. `xmodal.testing.check_adapter` says whether it keeps the contract.

    Attributes:
        modality: the family of entries it reads ("image", "lidar", ...); a key is "lidar", "lidar/top" or "lidar@-1".
        inputs: keys needed at test time.
        partial: whether it answers from whichever of its inputs are there, with a learned stand-in for the others.
        privileged: keys read in training when present, with a null state otherwise.
        width: D of `pooled`.
        token_width: D of `tokens`, 0 when the adapter has none.
        layer_widths: D of each hidden layer, in depth order.
        initial: constructor arguments that only choose the weights to start from; a finished model is rebuilt
            without them.
    """

    modality: ClassVar[str] = ""
    initial: ClassVar[tuple[str, ...]] = ()
    partial: bool = False
    inputs: tuple[str, ...] = ()
    privileged: tuple[str, ...] = ()
    width: int = 0
    token_width: int = 0
    layer_widths: tuple[int, ...] = ()

    def forward(self, batch: Batch, need: Need) -> Embedding:
        raise NotImplementedError

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        """Run given tokens [b, N, D] through everything above hidden layer `layer` (-1: above none, heads only).

        Args:
            batch: gives the model's other inputs (its text, say).
            valid: [b, N] bool or None.
            rows: [b] the samples of the batch that the tokens belong to; None for all.
        """
        raise NotImplementedError(f"{type(self).__name__} offers no upper part, so it cannot serve a switch distiller")

    @staticmethod
    def read(path: Path) -> Any:
        """Read one file into an entry of a Sample, or raise DataError."""
        raise NotImplementedError

    @staticmethod
    def example(batch_size: int) -> Batch:
        """A small random batch that the adapter accepts: the input of `check_adapter` and `xmodal doctor`."""
        raise NotImplementedError

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """[H, W, 3] uint8 array that shows the entry `key` the way its field draws it, with what is linked to it."""
        raise NotImplementedError


class Frozen(Adapter):
    """Base of what stands in for a frozen teacher: to distillers it looks like the teacher itself."""

    def __init__(self, teacher: Adapter) -> None:
        super().__init__()
        self.teacher = teacher.eval().requires_grad_(False)
        self.inputs, self.privileged = teacher.inputs, teacher.privileged
        self.width, self.token_width, self.layer_widths = teacher.width, teacher.token_width, teacher.layer_widths
        self.eval()

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        return self.teacher.upper(batch, tokens, valid, layer, rows)


class Model(Adapter):
    """An adapter and one head for each task: fills `Embedding.outputs`.

    Args:
        adapter: computes the features.
        tasks: by name; each builds its head from the adapter's widths.
    """

    def __init__(self, adapter: Adapter, tasks: Mapping[str, Task]) -> None:
        super().__init__()
        self.adapter = adapter
        self.inputs, self.privileged, self.partial = adapter.inputs, adapter.privileged, adapter.partial
        self.width, self.token_width = adapter.width, adapter.token_width
        self.layer_widths = adapter.layer_widths
        self.tasks = dict(tasks)
        self.levels = {name: task.level for name, task in tasks.items()}
        levels = self.levels.values()
        self.own_need = Need(pooled="pooled" in levels, tokens="tokens" in levels)
        self.heads = nn.ModuleDict({name: task.head(_width(adapter, task.level)) for name, task in tasks.items()})

    def forward(self, batch: Batch, need: Need) -> Embedding:
        return self._with_outputs(self.adapter(batch, need | self.own_need))

    def predict(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """What the model answers on samples that hold its `inputs`: what a deployed model is called with.

        Returns:
            by task: class numbers or values, [B] for pooled tasks, [B, N] for token tasks (the tokens' grid is that
            of the adapter). The model is put in eval mode; no gradient.
        """
        from xmodal.data.batch import collate  # the types of adapters and batches name each other

        with torch.no_grad():
            outputs = self.eval()(collate(samples).only(self.inputs), Need()).outputs
        return {name: task.answer(outputs[name]) for name, task in self.tasks.items()}

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        return self._with_outputs(self.adapter.upper(batch, tokens, valid, layer, rows))

    def _with_outputs(self, embedding: Embedding) -> Embedding:
        name, outputs = type(self.adapter).__name__, dict(embedding.outputs)
        for task, head in self.heads.items():
            pooled = self.levels[task] == "pooled"
            outputs[task] = head(embedding.need_pooled(name) if pooled else embedding.need_tokens(name).x)
        return replace(embedding, outputs=outputs)


def _width(adapter: Adapter, level: str) -> int:
    width = adapter.width if level == "pooled" else adapter.token_width
    if not width:
        raise ValueError(f"{type(adapter).__name__} has no {level} features, but a task needs them")
    return width


__all__ = ["Adapter", "Frozen", "Model", "Need", "Tokens"]
