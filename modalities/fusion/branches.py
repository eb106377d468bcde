"""Several networks on the same sensor, side by side in one model: each branch may learn to see something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError

Pooling = Literal["concatenate", "average"]


class Branches(Adapter):
    """Adapters that read the same entries, fused in the pooled vector alone.

    The student of modality hallucination (Hoffman, Gupta, Darrell, CVPR 2016): one branch learns from the labels, the
    other to see what an absent sensor would have shown; both are fused at test time. How is ours: on concatenated
    vectors, a linear head adds the answers of all branches. Evidence: recalled; ours (fusion).

    Tokens, layers and attention are those of the first branch; `Embedding.parts` holds every branch whole.

    Args:
        parts: by name, the branches, two or more; the first one leads.
        pooling: how the pooled vectors become one; "average" needs equal widths.
    """

    modality = "fusion"

    def __init__(self, parts: Mapping[str, Adapter] | None = None, pooling: Pooling = "concatenate") -> None:
        super().__init__()
        parts = _default_parts() if parts is None else parts
        _check(parts, pooling)
        self.parts, self.pooling = nn.ModuleDict(dict(parts)), pooling
        lead, widths = next(iter(parts.values())), [part.width for part in parts.values()]
        self.inputs = lead.inputs
        self.privileged = tuple(dict.fromkeys(key for part in parts.values() for key in part.privileged))
        self.width = sum(widths) if pooling == "concatenate" else widths[0]
        self.token_width, self.layer_widths = lead.token_width, lead.layer_widths

    def forward(self, batch: Batch, need: Need) -> Embedding:
        own: dict[str, Embedding] = {name: part(batch, need) for name, part in self.parts.items()}
        lead = next(iter(own.values()))
        return Embedding(
            pooled=self._fused([e.need_pooled(f"branch {name!r}") for name, e in own.items()]) if need.pooled else None,
            tokens=lead.tokens,
            layers=lead.layers,
            attention=lead.attention,
            parts=own,
        )

    def _fused(self, pooled: list[Tensor]) -> Tensor:
        if self.pooling == "concatenate":
            return torch.cat(pooled, dim=1)
        return torch.stack(pooled).mean(0)

    @staticmethod
    def example(batch_size: int) -> Batch:
        """What the branches of `Branches()` read: images."""
        return next(iter(_default_parts().values())).example(batch_size)


def _default_parts() -> dict[str, Adapter]:
    from xmodal.modalities.image import TimmImage

    return {name: TimmImage("test_resnet") for name in ("own", "hallucination")}


def _check(parts: Mapping[str, Adapter], pooling: str) -> None:
    if len(parts) < 2 or not all(isinstance(part, Adapter) for part in parts.values()):
        raise ConfigError(f"parts: expected two or more adapters by name, found {dict(parts)}")
    if pooling not in ("concatenate", "average"):
        raise ConfigError(f"pooling: expected 'concatenate' or 'average', found {pooling!r}")
    inputs = {name: tuple(sorted(part.inputs)) for name, part in parts.items()}
    if len(set(inputs.values())) > 1:
        raise ConfigError(f"parts: expected branches that read the same entries, found {inputs}")
    widths = {name: part.width for name, part in parts.items()}
    if min(widths.values()) < 1 or (pooling == "average" and len(set(widths.values())) > 1):
        raise ConfigError(f"parts: expected pooled vectors that pooling={pooling!r} can join, found widths {widths}")
