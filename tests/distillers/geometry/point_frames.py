"""A batch of three clouds in front of a camera, with tokens of a LiDAR student and an image teacher by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from distillers.privileged.frames import check_weight_scales
from xmodal.adapter import Adapter
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.pairs import pair_tokens
from xmodal.tasks import DenseRegression, Segmentation

__all__ = ["TASKS", "B", "Like", "check_weight_scales", "masked", "occupied_cells", "point_frame"]

B, N, OWN, THEIRS, GRID, SIZE = 3, 5, 4, 6, (4, 6), (16, 24)
TASKS = {"segmentation": Segmentation(("a", "b", "c")), "depth": DenseRegression("m")}
LENGTHS = torch.tensor([7, 9, 8])


class Like(Adapter):
    """An adapter of given widths that is never run."""

    def __init__(self, width: int, layers: int = 2, inputs: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.width = self.token_width = width
        self.layer_widths, self.inputs = (width,) * layers, inputs


MODELS = {"student": Like(OWN, inputs=("lidar",)), "t": Like(THEIRS, inputs=("image",))}


def batch() -> Batch:
    points = torch.rand(int(LENGTHS.sum()), 4) * torch.tensor([8.0, 8.0, 2.0, 1.0]) + torch.tensor([1.0, -4.0, -1.0, 0])
    uv = torch.rand(len(points), 2) * torch.tensor([24.0, 16.0])
    uv[::5] = float("nan")
    classes = torch.randint(0, 3, (len(points),))
    labelled = torch.tensor([True, True, False])
    kept = classes[: int(LENGTHS[:2].sum())]
    return Batch(
        keys=("a", "b", "c"),
        entries={"lidar": Ragged(points, LENGTHS), "image": torch.rand(B, 3, *SIZE)},
        index=torch.arange(B),
        links={("lidar", "image"): Ragged(uv, LENGTHS)},
        labels={"segmentation": {"lidar": Ragged(kept, torch.tensor([7, 9, 0]))}},
        labelled={"segmentation": labelled},
    )


def point_frame(taught: Tensor | None = None) -> Frame:
    """Student: N voxels a sample, of which sample 0 has one less; teacher "t": a grid. Every tensor is a leaf."""
    torch.manual_seed(5)
    given = batch()
    of = torch.randint(0, N, (B, 9)).masked_fill(torch.arange(9) >= LENGTHS[:, None], -1)
    of[0].clamp_(max=N - 2)
    valid = torch.ones(B, N, dtype=torch.bool)
    valid[0, -1] = False
    where = torch.rand(B, N, 3) * torch.tensor([8.0, 8.0, 2.0]) + torch.tensor([1.0, -4.0, -1.0])

    def own(width: int) -> Tokens:
        x = torch.randn(B, N, width, requires_grad=True)
        return Tokens(x, valid=valid, where=where, frame="lidar_m", of=of, key="lidar")

    def theirs(grid: tuple[int, int] = GRID) -> Tokens:
        return Tokens(torch.randn(B, grid[0] * grid[1], THEIRS, requires_grad=True), grid=grid, key="image")

    student = Embedding(
        pooled=torch.randn(B, OWN, requires_grad=True),
        tokens=own(OWN),
        layers=(own(OWN), own(OWN)),
        outputs={"depth": torch.randn(B, N, requires_grad=True)},
    )
    teacher = Embedding(
        pooled=torch.randn(B, THEIRS, requires_grad=True),
        tokens=theirs(),
        layers=(theirs(), theirs((2, 3))),
        outputs={"depth": torch.randn(B, GRID[0] * GRID[1], requires_grad=True)},
    )
    projected = Embedding(pooled=torch.randn(B, THEIRS, requires_grad=True), tokens=own(THEIRS))
    return Frame(
        student=student,
        batch=given,
        student_as={"t": projected},
        teachers={"t": teacher},
        pairs={("student", "t"): pair_tokens(student.tokens, teacher.tokens, given)},
        taught={"t": torch.ones(B, dtype=torch.bool) if taught is None else taught},
    )


def masked(*kept: bool) -> Tensor:
    return torch.tensor(kept)


def occupied_cells(frame: Frame) -> Tensor:
    """[B, 5, 4]: which cells of 2 m, 10 m ahead and 4 m to either side, hold a point of the cloud above -0.5 m."""
    points, _ = frame.batch.ragged("lidar").padded()
    cells = torch.zeros(B, 5, 4)
    for b, count in enumerate(LENGTHS.tolist()):
        for x, y, z, _ in points[b, :count].tolist():
            if z >= -0.5:
                cells[b, int(x // 2), int((y + 4) // 2)] = 1
    return cells
