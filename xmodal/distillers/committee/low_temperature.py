"""Teachers of one architecture, each with another inductive bias, agree on sharpened and then smoothed labels.

TIPS, arXiv 2603.16985 (financial series; seven Transformers that differ in their attention masks and biases), here a
re-implementation from the description: the equation and its coefficients are ours. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from xmodal.bus import Frame
from xmodal.distillers.committee.committee import Committee, counted
from xmodal.losses import soft_label_loss


class LowTemperatureCommittee(Committee):
    """Cross-entropy of the student with q = (1 - eps) softmax(mean_k z_k / tau) + eps / C, one term "soft".

    A temperature below 1 sharpens the average of the logits, then eps smooths it; the order matters. In the source
    this is the student's only target: the task weighs 0 there.

    Args:
        task: a classification or segmentation task that all answer.
        teachers: by name; the average is over those whose inputs a sample has.
        temperature: tau > 0, below 1 in the source.
        smoothing: eps in [0, 1).
    """

    def __init__(self, task: str, *, teachers: Sequence[str], temperature: float = 0.5, smoothing: float = 0.1) -> None:
        super().__init__(task, teachers=teachers)
        if not temperature > 0 or not 0 <= smoothing < 1:
            raise ValueError(f"expected temperature > 0 and smoothing in [0, 1), found {temperature} and {smoothing}")
        self.temperature, self.smoothing = temperature, smoothing

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        logits, known = self.answers(frame)
        mean = logits.sum(0) / known.sum(0).clamp_min(1).unsqueeze(-1)
        sharp = (mean / self.temperature).softmax(-1)
        target = (1 - self.smoothing) * sharp + self.smoothing / mean.shape[-1]
        kept = known.any(0)
        # The loss takes logits; the logarithm of a distribution is a set of logits for it.
        log_target = target.clamp_min(1e-30).log()
        values = soft_label_loss(frame.student.outputs[self.task], log_target, reduction="none", mask=kept)
        return {"soft": counted(values, kept)}
