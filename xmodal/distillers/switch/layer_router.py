"""A router mixes the teacher's layers anew for each input; the student mimics the mixture and its spectrum in time.

DLink, arXiv 2604.15016: re-implementation from the description (the abstracts); the equations are ours. Evidence:
described; ancestor (FitNets, for the mimic loss).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.switch._terms import compared
from xmodal.losses import HintLoss, SpectralLoss
from xmodal.pairs import carry
from xmodal.tasks import Task


class LayerRouter(Distiller):
    """A router mixes the teacher's layers for each input; the student mimics the mixture and its spectrum.

    The teacher's layers [B, N, D] share one grid (channels, patches). The mixture R = sum_l g_l LN(H_l),
    g = softmax(W2 GELU(W1 pooled layers) / temperature), is carried to the student's tokens: a student of one electrode
    sees the mean over those of the teacher at the same time. Terms:

    - "mimic": the student's tokens, layer-normed, against R;
    - "spectrum": the student's tokens against R in magnitude and phase along the patches;
    - "router": the task's loss of a linear head on the mean of R. It alone trains the router, which therefore selects
      what tells the classes apart: R stands still in the other two, else the router would turn to the easiest layer.

    A student whose tokens have the teacher's width is compared as it is (project-then-compress: its own classifier
    reads those tokens, too); any other is brought to that width by the bus.

    Args:
        task: a pooled task; its labels train the router.
        teacher: its adapter must give layers of one shape.
        hidden: width inside the router.
        temperature: of the router's softmax.
        mimic: `(student, teacher, mask=...)` of tokens [B, N, D]; squared error if None.
        spectral: the same of [B, channels, patches, D]; `SpectralLoss(dim=-2)` if None.

    Raises:
        ValueError: temperature not positive; a teacher without layers or of several widths; in use: layers of several
            grids, a student without grid.
    """

    paired = True

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        hidden: int = 64,
        temperature: float = 1.0,
        mimic: nn.Module | None = None,
        spectral: nn.Module | None = None,
    ) -> None:
        super().__init__(teacher)
        if temperature <= 0:
            raise ValueError(f"temperature must be positive, got {temperature}")
        self.task, self.hidden, self.temperature = task, hidden, temperature
        self.mimic = HintLoss(reduction="none") if mimic is None else mimic
        self.spectral = SpectralLoss(dim=-2, reduction="none") if spectral is None else spectral

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        teacher, own = models[self.teacher], models["student"].token_width
        if set(teacher.layer_widths) != {teacher.token_width}:
            found = f"layers {teacher.layer_widths} and tokens {teacher.token_width}"
            raise ValueError(f"LayerRouter: expected a teacher whose layers and tokens have one width, found {found}")
        width, depth = teacher.token_width, len(teacher.layer_widths)
        self.projects = frozenset() if own == width else frozenset({"tokens"})
        self.route = nn.Sequential(nn.Linear(depth * width, self.hidden), nn.GELU(), nn.Linear(self.hidden, depth))
        self.target, self.head = tasks[self.task], tasks[self.task].head(width)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True, layers=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        routed = self.routed(frame)
        taught = frame.taught[self.teacher]
        student = frame.student_as[self.teacher] if self.projects else frame.student
        own = student.need_tokens("student")
        pairs = frame.pairs["student", self.teacher]
        target, reached = carry(routed.x.detach(), pairs, own.x.shape[1])  # [B, N_student, D]
        mask = reached & taught.unsqueeze(1)
        normed = F.layer_norm(own.x.float(), own.x.shape[-1:])
        return {
            "mimic": compared(self.mimic, normed, target, mask),
            "spectrum": compared(self.spectral, _unfolded(own.x, own), _unfolded(target, own), mask.all(1)),
            "router": self._router(routed.mean(), frame),
        }

    def routed(self, frame: Frame) -> Tokens:
        """The mixture R [B, N, D] of the teacher's layers, with the gradient of the router."""
        layers = frame.teachers[self.teacher].layers
        if len({(layer.x.shape, layer.grid) for layer in layers}) != 1:
            grids = [layer.grid for layer in layers]
            raise ValueError(f"LayerRouter: expected layers of one grid, found {grids}")
        width = layers[0].x.shape[-1:]
        normed = [Tokens(F.layer_norm(layer.x.float(), width), valid=layer.valid) for layer in layers]
        pooled = torch.cat([layer.mean() for layer in normed], 1)  # [B, L D]
        share = (self.route(pooled).float() / self.temperature).softmax(1)  # [B, L]
        mixed = torch.einsum("bl,blnd->bnd", share, torch.stack([layer.x for layer in normed], 1))
        return Tokens(mixed, valid=layers[0].valid)

    def _router(self, pooled: Tensor, frame: Frame) -> Tensor:
        output, labelled = self.head(pooled), frame.labelled.get(self.task)
        if labelled is None:
            nothing: Tensor = output.float().sum(1) * 0
            return nothing
        loss = self.target.loss(output, self.target.targets(frame.labels[self.task], None))
        return over_rows(loss, labelled & frame.taught[self.teacher])


def _unfolded(x: Tensor, tokens: Tokens) -> Tensor:
    """[B, N, D] -> [B, channels, patches, D]."""
    if tokens.grid is None:
        raise ValueError(f"spectra need tokens on a grid, found none of {tokens.key!r}")
    return x.reshape(len(x), *tokens.grid, -1)
