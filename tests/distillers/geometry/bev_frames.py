"""Four samples seen from above: student, teacher and labels by hand; samples 0, 1, 3 are labelled, 0 to 2 taught."""

from __future__ import annotations

import torch
from torch import Tensor

from distillers.privileged.frames import check_weight_scales
from xmodal.adapter import Adapter
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.tasks import Segmentation

__all__ = ["BOXES", "COUNTED", "GRID", "MODELS", "SAMPLE", "TASKS", "B", "bev_frame", "check_weight_scales", "ready"]

B, GRID = 4, (8, 12)
GRIDS = ((8, 12), (8, 12), (4, 6))
TASKS = {"bev": Segmentation(("none", "vehicle", "person"))}
SAMPLE = torch.tensor([0, 0, 1, 3])
BOXES = torch.tensor(
    [
        [3.2, 2.1, 3.0, 1.4, 0.4, 1, 5.0],
        [9.0, 6.5, 0.6, 0.5, 2.0, 2, 1.0],
        [6.6, 4.4, 4.0, 2.0, 1.5, 1, 0.0],
        [2.0, 5.0, 1.0, 1.0, 0.0, 2, 0.5],
    ]
)
COUNTED = torch.tensor([True, True, False, False])
"""Labelled and taught."""


class Wide(Adapter):
    """An adapter of given widths that is never run."""

    def __init__(self, layers: tuple[int, ...], tokens: int) -> None:
        super().__init__()
        self.layer_widths, self.width, self.token_width = layers, layers[-1], tokens


MODELS = {"student": Wide((4, 4, 6), 5), "t": Wide((6, 6, 8), 7)}


def tokens(width: int, grid: tuple[int, int], key: str) -> Tokens:
    x = torch.randn(B, grid[0] * grid[1], width).clamp_min(-0.5).requires_grad_(True)
    return Tokens(x, grid=grid, key=key)


def embedding(model: Wide, key: str) -> Embedding:
    layers = tuple(tokens(width, grid, key) for width, grid in zip(model.layer_widths, GRIDS, strict=True))
    output = torch.randn(B, GRID[0] * GRID[1], 3, requires_grad=True)
    return Embedding(tokens=tokens(model.token_width, GRID, key), layers=layers, outputs={"bev": output})


def bev_frame(*, labels: bool = True, taught: Tensor | None = None) -> Frame:
    torch.manual_seed(7)
    maps = torch.randint(0, 3, (B, *GRID))
    maps[2] = -1
    known = {"bev": {"radar": maps, "boxes": Ragged(BOXES.clone(), torch.tensor([2, 1, 0, 1]))}}
    batch = Batch(
        keys=tuple("abcd"),
        entries={},
        index=torch.arange(B),
        labels=known if labels else {},
        labelled={"bev": torch.tensor([True, True, False, True])} if labels else {},
    )
    return Frame(
        student=embedding(MODELS["student"], "radar"),
        teachers={"t": embedding(MODELS["t"], "lidar")},
        batch=batch,
        taught={"t": torch.tensor([True, True, True, False]) if taught is None else taught},
    )


def ready(distiller):
    """The distiller with its modules, made from one seed."""
    torch.manual_seed(11)
    distiller.connect(MODELS, TASKS)
    return distiller
