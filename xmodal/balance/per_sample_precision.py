"""One learned precision a loss and sample, read from the teacher: unsure teachers learn to weigh less.

Beta-KD, arXiv 2603.21426, instance level, in two forms that differ: the released code's, and the paper's MAP objective,
a re-implementation from the description. Evidence: exact ("released"); described ("map").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.balance.base import Balance, add, assign, group_of, lifted, mean_of, several
from xmodal.balance.fixed import FixedWeights
from xmodal.balance.schedules import Weight
from xmodal.bus import Frame
from xmodal.errors import ConfigError

Form = Literal["released", "map"]
FLOOR = -30.0
"""Below it softplus(x) is exp(x) to the last digit, and its logarithm x."""


class PerSamplePrecision(Balance):
    """A small network on the teacher's pooled feature h gives each sample b and learned loss i a precision.

    "released": mean_b sum_i exp(-s_bi) L_i + s_bi, with s = MLP(h) held within the limit and L_i the mean over the
    batch, so that only the mean over b of exp(-s_bi) matters to the student.
    "map": mean_b sum_i beta_bi L_bi - d/2 log beta_bi, with beta = softplus(MLP(h)) and the loss of each sample; the
    best beta is d / (2 L_bi). A scalar term stands for every sample.
    Without the logarithm the precision would only fall: the network would switch the losses off. h carries no
    gradient; the mean is over the samples that have the teacher's inputs. Either total may be negative.

    Args:
        learned: each a term or group of terms with a precision of its own. The released code names every loss, the
            supervised one too; the paper, and so "map", weighs what this teacher teaches alone.
        teacher: the teacher (or peer) that is read: its pooled vector, or the mean of its tokens.
        width: of that vector.
        hidden: width of the network's one hidden layer; the source's is 128.
        form: "released" or "map".
        dimension: d > 0 of "map", the width of what the loss compares (a number of classes); it scales the precision.
        limit: of |s| in "released", > 0.
        weights: fixed ones of terms; those of learned terms multiply before.
    """

    def __init__(
        self,
        learned: Sequence[str],
        *,
        width: int,
        teacher: str = "teacher",
        hidden: int = 128,
        form: Form = "released",
        dimension: float = 1.0,
        limit: float = 5.0,
        weights: Mapping[str, Weight] | None = None,
    ) -> None:
        super().__init__(weights)
        self.learned, self.teacher, self.width = several("learned", learned), teacher, width
        if form not in get_args(Form):
            raise ValueError(f'unknown form {form!r}; known: "released", "map"')
        for name, value in {"dimension": dimension, "limit": limit}.items():
            if not value > 0:
                raise ValueError(f"expected {name} > 0, found {value}")
        if form == "map" and any(group_of(name) == "task" for name in self.learned):
            raise ConfigError(f"learned: form 'map' weighs distilled terms, found {', '.join(self.learned)}")
        self.form: Form = form
        self.dimension, self.limit = dimension, limit
        self.net = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, len(self.learned)))

    def supervised(self) -> Balance:
        """Without a teacher nothing can be read: the tasks' fixed weights."""
        return FixedWeights(self.task_weights())

    def forward(self, terms: Mapping[str, Tensor], frame: Frame) -> Tensor:
        self.check(terms)
        members, others = assign({name: (name,) for name in self.learned}, terms)
        rest = self.means({name: terms[name] for name in others}, frame)
        kept = frame.taught.get(self.teacher)
        read = self._read(frame)
        if kept is None:
            kept = torch.ones(len(read), dtype=torch.bool, device=read.device)
        answers = self.net(torch.where(kept.unsqueeze(1), read, 0))  # [B, I]
        weigh = self._released if self.form == "released" else self._map
        learned = weigh(lifted(answers), [members[name] for name in self.learned], terms, frame, kept)
        return add([learned, *rest.values()])

    def _released(
        self, s: Tensor, members: list[list[str]], terms: Mapping[str, Tensor], frame: Frame, kept: Tensor
    ) -> Tensor:
        means = self.means(terms, frame)
        losses = torch.stack([add(means[term] for term in names) for names in members])  # [I]
        s = s.clamp(-self.limit, self.limit)
        return mean_of((-s).exp() * losses + s, kept) * len(members)

    def _map(
        self, raw: Tensor, members: list[list[str]], terms: Mapping[str, Tensor], frame: Frame, kept: Tensor
    ) -> Tensor:
        of_samples = {name: lifted(term).expand(len(raw)) for name, term in terms.items()}
        losses = torch.stack([self.per_sample(names, of_samples, frame) for names in members], dim=1)  # [B, I]
        beta = F.softplus(raw)
        log_beta = torch.where(raw > FLOOR, F.softplus(raw.clamp_min(FLOOR)).log(), raw)
        # The losses of samples taught are scaled up for a mean over all; the logarithms are not.
        energy = (beta * losses).sum() / len(raw)
        return energy - self.dimension / 2 * mean_of(log_beta, kept) * len(members)

    def _read(self, frame: Frame) -> Tensor:
        """[B, width] without gradient."""
        embedding = frame.other(self.teacher)
        tokens = embedding.tokens
        read = embedding.pooled if embedding.pooled is not None or tokens is None else tokens.mean()
        if read is None or read.shape[-1] != self.width:
            found = "nothing" if read is None else f"{list(read.shape)}"
            raise ConfigError(f"balance: expected features [B, {self.width}] of {self.teacher!r}, found {found}")
        return read.detach().to(next(self.net.parameters()).dtype)
