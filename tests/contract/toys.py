"""Small adapters and batches that the miniature systems are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.tasks import Classification

TASKS = {"kind": Classification(("a", "b", "c"))}


def batch(size: int = 6, **entries: Tensor) -> Batch:
    """Images [B, 3, 8, 8] and whatever else; class labels for the first four samples only."""
    torch.manual_seed(0)
    labels = torch.tensor([0, 1, 2, 0, -1, -1])[:size]
    return Batch(
        keys=tuple(f"s{i}" for i in range(size)),
        entries={"image": torch.randn(size, 3, 8, 8), "depth": torch.randn(size, 3, 8, 8), **entries},
        index=torch.arange(size),
        labels={"kind": labels},
        labelled={"kind": labels >= 0},
    )


class Patches(Adapter):
    """4 x 4 px patches, `depth` layers of tokens that halve in number when `pyramid`."""

    modality = "image"

    def __init__(self, key: str = "image", width: int = 8, depth: int = 2, pyramid: bool = False) -> None:
        super().__init__()
        self.inputs, self.key, self.pyramid = (key,), key, pyramid
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.embed = nn.Conv2d(3, width, 2, 2)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, batch: Batch, need: Need) -> Embedding:
        x, grid = self.embed(batch.tensor(self.key)), (4, 4)
        layers = []
        for block in self.blocks:
            x = block(x.movedim(1, -1)).tanh().movedim(-1, 1)
            layers.append(Tokens(x.flatten(2).transpose(1, 2), grid=grid, key=self.key))
            if self.pyramid:
                x, grid = nn.functional.avg_pool2d(x, 2), (grid[0] // 2, grid[1] // 2)
        return self._embedding(layers, need)

    def _embedding(self, layers: list[Tokens], need: Need) -> Embedding:
        last = layers[-1]
        return Embedding(pooled=last.mean(), tokens=last, layers=tuple(layers) if need.layers else ())

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        for block in self.blocks[layer % len(self.blocks) + 1 :]:
            tokens = block(tokens).tanh()
        return Embedding(pooled=tokens.mean(1), tokens=Tokens(tokens, valid, key=self.key))


def gradients(module: nn.Module) -> list[str]:
    """The names of the parameters that got a gradient that is not all zero."""
    return [name for name, p in module.named_parameters() if p.grad is not None and p.grad.any()]
