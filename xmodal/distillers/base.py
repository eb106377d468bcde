"""What every distiller declares, and the mean over masked rows that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.tasks import Task


class Distiller(nn.Module):
    """Compares what models say about the same batch and returns named terms.

    A term is [B] (one value a sample, masks applied) or a scalar where the quantity has no per-sample form. Weights
    live in the balance, nowhere else. Parameters of a distiller are optimised and saved, and not exported.

    Attributes:
        teacher: the name of the teacher (or peer) it reads; "student" for one that reads the trained model alone.
        reads: all teachers and peers it reads; only `teacher` unless a committee sets more.
        projects: the parts of the student that the bus shall bring to the width of `teacher`: "pooled", "tokens".
        paired: whether it reads `Frame.pairs` of those that it reads.
    """

    projects: frozenset[str] = frozenset()
    paired: bool = False

    def __init__(self, teacher: str = "teacher") -> None:
        super().__init__()
        self.teacher = teacher
        self.reads: tuple[str, ...] = (teacher,)

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        """Called once with all models by name ("student", the teachers, the peers), before anything runs.

        Here a distiller makes the modules whose size depends on the widths of others.
        """

    def needs(self) -> Mapping[str, Need]:
        """By model name ("student", or a teacher's or peer's): what this distiller reads of it."""
        return {}

    def prepare(self, frames: Iterable[Frame]) -> None:
        """Called once before the first step with frames of the training data: statistics, maps, probes."""

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        raise NotImplementedError


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """[B] from [B, N]: the mean over each sample's kept tokens, rescaled so that the mean over the batch equals the
    mean over the samples that keep any; a sample with none counts zero and does not dilute the others."""
    kept = mask.sum(1)
    mean = (values * mask).sum(1) / kept.clamp_min(1)
    any_kept = kept > 0
    return mean * any_kept * (len(mask) / any_kept.sum().clamp_min(1))


def over_rows(values: Tensor, kept: Tensor | None) -> Tensor:
    """[B]: values of the samples that are kept (labelled, say), zero elsewhere, rescaled so that the mean over the
    batch is the mean over those kept. None keeps all."""
    if kept is None:
        return values
    values = values.where(kept, values.new_zeros(()))
    return values * (len(kept) / kept.sum().clamp_min(1))
