"""SPOFA's balance: sample weights from the agreement of gradients, stage weights from that of features.

SPOFA, arXiv 2606.24557, authors' code. Evidence: exact (both rules); the names they act on are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from xmodal.balance.agreement_scaler import AgreementScaler
from xmodal.balance.base import Balance, add, fitting
from xmodal.balance.fixed import FixedWeights
from xmodal.balance.gradient_agreement import GradientAgreement
from xmodal.balance.schedules import Weight
from xmodal.bus import Frame
from xmodal.errors import ConfigError, unknown


class Agreement(Balance):
    """sum of weight x mean(term), with `GradientAgreement` on one term's samples and `AgreementScaler` on the stages.

    Args:
        task: the supervised task whose logits and term "task/..." give the first gradient.
        distilled: the term of the student's final logits, [B], that gives the second and is weighed by sample.
        stages: by term of a stage: the term with its agreement (the cosine of its logits with the teacher's, [B] or a
            scalar). Agreements are measurements: they are no part of the sum.
        weights: fixed ones, which multiply.

    Raises:
        ConfigError: at the first step, for a name that fits no term, a task the student does not answer, or a
            distilled term that is a scalar.
    """

    def __init__(
        self,
        task: str,
        distilled: str,
        *,
        stages: Mapping[str, str] | None = None,
        weights: Mapping[str, Weight] | None = None,
    ) -> None:
        super().__init__(weights)
        self.task, self.distilled, self.stages = task, distilled, dict(stages or {})
        self.samples = GradientAgreement()
        self.scaler = AgreementScaler(len(self.stages))

    def supervised(self) -> Balance:
        return FixedWeights(self.task_weights())

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        self.check(terms)
        for name in (f"task/{self.task}", self.distilled, *self.stages, *self.stages.values()):
            if fitting(name, terms) != [name]:
                raise ConfigError(f"balance: expected the name of one term, found the group {name!r}")
        if self.task not in frame.student.outputs:
            raise unknown("task in the balance", self.task, frame.student.outputs)
        logits = frame.student.outputs[self.task]
        values = self.per_sample([self.distilled], terms, frame)  # [B]
        weight = self.samples(terms[f"task/{self.task}"], terms[self.distilled], logits)  # [B]
        means = self.means({n: t for n, t in terms.items() if n not in self.stages.values()}, frame)
        means[self.distilled] = (weight.to(values.dtype) * values).mean()
        if self.stages:
            measured = torch.stack([terms[name].detach().mean() for name in self.stages.values()])
            for name, scale in zip(self.stages, self.scaler(measured), strict=True):
                means[name] = means[name] * scale
        return add(means.values())
