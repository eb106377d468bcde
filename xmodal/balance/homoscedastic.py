"""One learned precision a loss: noisy losses learn to weigh less, and a logarithm keeps the weights from vanishing.

Kendall, Gal, Cipolla: Multi-Task Learning Using Uncertainty to Weigh Losses, arXiv 1705.07115, as Beta-KD's released
code has it at task level (arXiv 2603.21426); and QDR's Learnable Magnitude Reweighting (arXiv 2603.09624), here a
re-implementation from the description whose equation is ours, after IMTL-L. Evidence: exact ("kendall"); described
("lmr").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from xmodal.balance.base import Balance, add, assign, group_of, several
from xmodal.balance.fixed import FixedWeights
from xmodal.balance.schedules import Weight
from xmodal.bus import Frame

Form = Literal["kendall", "lmr"]


class Homoscedastic(Balance):
    """sum over learned losses of 0.5 exp(-s) L + 0.5 s, plus the other terms at their weights.

    Without limits the best s is log L: every loss then contributes equally, 0.5. "lmr" is exp(s) L - s, which is
    twice the same with -s for s. Either total may be negative. s begins at 0 and is held within the limit as the
    released code holds it, so that an s which passes the limit gets no gradient any more.

    Args:
        learned: each a term or group of terms with one s; L is the weighted sum of their means. Beta-KD's code names
            every loss, the supervised one too; its paper leaves that one alone.
        form: "kendall" or "lmr".
        limit: of |s|, > 0; `math.inf` for none.
        weights: fixed ones of terms; those of learned terms multiply before.
    """

    def __init__(
        self,
        learned: Sequence[str],
        *,
        form: Form = "kendall",
        limit: float = 5.0,
        weights: Mapping[str, Weight] | None = None,
    ) -> None:
        super().__init__(weights)
        self.learned = several("learned", learned)
        if form not in get_args(Form):
            raise ValueError(f'unknown form {form!r}; known: "kendall", "lmr"')
        if not limit > 0:
            raise ValueError(f"expected limit > 0, found {limit}")
        self.form: Form = form
        self.limit = limit
        self.s = nn.Parameter(torch.zeros(len(self.learned)))

    def supervised(self) -> Balance:
        """One s for each loss of the tasks that has one here."""
        tasks = [name for name in self.learned if group_of(name) == "task"]
        if not tasks:
            return FixedWeights(self.task_weights())
        return Homoscedastic(tasks, form=self.form, limit=self.limit, weights=self.task_weights())

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        self.check(terms)
        members, others = assign({name: (name,) for name in self.learned}, terms)
        means = self.means(terms, frame)
        losses = torch.stack([add(means[term] for term in members[name]) for name in self.learned])
        s = self.s.clamp(-self.limit, self.limit)
        each = s.exp() * losses - s if self.form == "lmr" else 0.5 * ((-s).exp() * losses + s)
        return add([each.sum(), *(means[name] for name in others)])
