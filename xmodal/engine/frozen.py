"""Ways to run a frozen teacher live: compiled, or kept in host memory and brought to the GPU for its own forward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Frozen, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError


class Compiled(Frozen):
    """A teacher whose forward goes through torch.compile; what cannot be compiled in it runs as before."""

    def __init__(self, teacher: Adapter) -> None:
        super().__init__(teacher)
        self.run = torch.compile(teacher.__call__, dynamic=True)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        answer: Embedding = self.run(batch, need)
        return answer


class Parked(Frozen):
    """A teacher that is on the device while it runs and nowhere else there, for several that do not fit together.

    Its weights stay in the host's memory, page-locked where there is a GPU; copies of them live on the device during
    its forward. The bytes that cross are those of its weights, once a step.

    Args:
        teacher: frozen; device: where it computes.
    """

    def __init__(self, teacher: Adapter, device: torch.device) -> None:
        super().__init__(teacher.cpu())
        self.device = device
        self.host = [(tensor, _locked(tensor.data)) for tensor in (*teacher.parameters(), *teacher.buffers())]

    def forward(self, batch: Batch, need: Need) -> Embedding:
        try:
            for tensor, host in self.host:
                tensor.data = host.to(self.device, non_blocking=True)
            answer: Embedding = self.teacher(batch, need)
            return answer
        finally:
            for tensor, host in self.host:
                tensor.data = host

    def upper(self, batch: Batch, tokens: Tensor, valid: Tensor | None, layer: int, rows: Tensor | None) -> Embedding:
        raise ConfigError("teacher_memory='parked': a switch distiller needs its teacher again in backward")

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Stays where it is when the models of a run are moved."""
        return self


def _locked(tensor: Tensor) -> Tensor:
    return tensor.pin_memory() if torch.cuda.is_available() else tensor
