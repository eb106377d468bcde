"""UNIC's teacher dropping: each image learns from the teacher it is worst at, and from the others by chance.

UNIC (ECCV 2024), modeling/teacher_dropping.py of the authors' code. Evidence: exact (the dropping); that a teacher
whose inputs a sample lacks takes no part in it is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from xmodal.balance.base import Balance, add, assign, several
from xmodal.balance.fixed import FixedWeights
from xmodal.balance.schedules import Weight, check_weight, weight_at
from xmodal.bus import Frame
from xmodal.errors import unknown

Draw = Callable[[Tensor], Tensor]
"""[B, T] bool, which entries may be dropped -> [B, T] numbers in [0, 1): those below the probability are."""


def uniform(droppable: Tensor) -> Tensor:
    """Numbers from torch's random state, which a checkpoint holds."""
    return torch.rand(droppable.shape, device=droppable.device)


class TeacherDropping(Balance):
    """sum_bt c_bt L_bt / sum_bt c_bt over the samples and teachers of a batch, plus the other terms as they are.

    L_bt is the weighted sum of teacher t's terms at sample b. The coefficient c_bt is 1 for the teacher with the
    largest L_bt of the sample, and for every other 0 with the given probability, else 1; it carries no gradient. As in
    the released code the total runs over samples and teachers together, so that a sample which keeps more teachers
    weighs more. Terms of no teacher, the supervised ones among them, count with weight x mean. In eval mode nobody is
    dropped.

    Args:
        teachers: by the name of a teacher (or peer): its terms or groups of terms, such as
            {"dino": ("dino_cls", "dino_patch"), "lidar": ("lidar",)}. Samples without the teacher's inputs have
            coefficient 0; their terms must be zero and the others scaled up, as `over_rows` does.
        probability: of dropping, in [0, 1]; a number or a schedule. The source's is 0.5.
        weights: of terms; the source takes the mean over a teacher's class and patch term, 0.5 each.
        draw: the random numbers.

    Raises:
        ConfigError: at the first step, for a name that fits no term or no teacher, a term named twice, or a teacher's
            term without a value per sample.
    """

    def __init__(
        self,
        teachers: Mapping[str, Sequence[str]],
        *,
        probability: Weight = 0.5,
        weights: Mapping[str, Weight] | None = None,
        draw: Draw = uniform,
    ) -> None:
        super().__init__(weights)
        check_weight("probability", probability)
        self.teachers = {name: several(f"teachers.{name}", terms) for name, terms in teachers.items()}
        several("teachers", tuple(self.teachers))
        self.probability, self.draw = probability, draw

    def supervised(self) -> Balance:
        return FixedWeights(self.task_weights())

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        self.check(terms)
        of_teacher, others = assign(self.teachers, terms)
        taught = torch.stack([self._taught(name, frame) for name in self.teachers], dim=1)  # [B, T]
        losses = torch.stack([self.per_sample(names, terms, frame) for names in of_teacher.values()], dim=1)
        losses = losses * taught.to(losses.dtype).mean(0)  # as they were before the samples taught were scaled up
        kept = self.coefficients(losses, taught, weight_at(self.probability, frame.progress))
        learned = (kept * losses).sum() / kept.sum().clamp_min(1)
        return add([learned, *self.means({name: terms[name] for name in others}, frame).values()])

    def coefficients(self, losses: Tensor, taught: Tensor, probability: float) -> Tensor:
        """[B, T] of 0 and 1: which teacher counts at which sample, before the division by their sum.

        Args:
            losses: [B, T]; taught: [B, T] bool, who can count at all.
        """
        worst = losses.detach().masked_fill(~taught, -torch.inf).argmax(1)
        droppable = taught & (torch.arange(taught.shape[1], device=taught.device) != worst.unsqueeze(1))
        if not self.training:
            return taught.to(losses.dtype)
        dropped = droppable & (self.draw(droppable).to(losses.device) < probability)
        return (taught & ~dropped).to(losses.dtype)

    def _taught(self, name: str, frame: Frame) -> Tensor:
        if name not in frame.taught:
            raise unknown("teacher in the balance's teachers", name, frame.taught)
        return frame.taught[name]
