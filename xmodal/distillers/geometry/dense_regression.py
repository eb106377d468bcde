"""The student regresses a teacher's maps of measured values, each in its own unit, and the teacher's features.

FSKD (arXiv 2604.01766), forest height, cover and profile from aerial images, taught with LiDAR: a re-implementation
from the description; both equations are ours, as none was published in a form we could read. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, mean_over
from xmodal.losses import hint_loss, masked_huber_loss
from xmodal.pairs import carry
from xmodal.tasks import Task


class DenseRegressionKD(Distiller):
    """Terms "maps", a scalar: sum over tasks of masked Huber((student - teacher) / spread); "tokens": squared error of
    features behind a linear layer, which on a map is a 1 x 1 convolution.

    spread is the standard deviation of the teacher's answers on the training data, so that metres and shares weigh
    alike. Labels are not needed; places where teacher and student are not paired do not count.

    Args:
        tasks: dense regression tasks that both answer.
        teacher: whose answers.
        delta: where the Huber loss turns from squared to absolute, in units of the spread.
    """

    projects = frozenset({"tokens"})
    paired = True
    spread: Tensor

    def __init__(self, tasks: Sequence[str], *, teacher: str = "teacher", delta: float = 1.0) -> None:
        super().__init__(teacher)
        if isinstance(tasks, str) or not tasks:
            raise ValueError(f"tasks: expected names such as ('depth',), found {tasks!r}")
        self.tasks, self.delta = tuple(tasks), delta
        self.register_buffer("spread", torch.ones(len(self.tasks)))

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        for name in self.tasks:
            if name not in tasks or tasks[name].level != "tokens":
                raise ValueError(f"{name!r} is no dense task; tasks: {', '.join(sorted(tasks))}")

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def prepare(self, frames: Iterable[Frame]) -> None:
        """Take the spread of the teacher's answers."""
        count, total, squares = (torch.zeros(len(self.tasks), dtype=torch.float64) for _ in range(3))
        for frame in frames:
            known = frame.other(self.teacher).need_tokens(self.teacher).mask() & frame.taught[self.teacher][:, None]
            for i, name in enumerate(self.tasks):
                values = frame.other(self.teacher).outputs[name][known].double().cpu()
                count[i] += values.numel()
                total[i] += values.sum()
                squares[i] += values.square().sum()
        variance = squares / count.clamp_min(1) - (total / count.clamp_min(1)).square()
        self.spread.copy_(torch.where(variance > 0, variance.clamp_min(1e-12).sqrt(), 1.0))

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        other, pairs = frame.other(self.teacher), frame.pairs["student", self.teacher]
        own = frame.student_as[self.teacher].need_tokens("student").x
        answers = torch.stack([other.outputs[name] for name in self.tasks], -1).detach()  # [B, N_t, C]
        carried, reached = carry(answers, pairs, own.shape[1])
        reached = reached & frame.taught[self.teacher].unsqueeze(1)
        student = torch.stack([frame.student.outputs[name] for name in self.tasks], 1)  # [B, C, N]
        maps = masked_huber_loss(
            student.unsqueeze(2),
            carried.transpose(1, 2).unsqueeze(2),
            reached.unsqueeze(1),
            scale=self.spread.tolist(),
            delta=self.delta,
        )
        features, _ = carry(other.need_tokens(self.teacher).x.detach(), pairs, own.shape[1])
        return {"maps": maps, "tokens": mean_over(hint_loss(own, features, reduction="none"), reached)}
