"""What the teacher answers to each class on average: the class-wise weights of `gkl_loss` and `ikl_loss`.

Cui et al.: Generalized Kullback-Leibler Divergence Loss, TPAMI 2026, arXiv 2503.08038. Evidence: exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_labels, check_mask, check_positive
from xmodal.losses._items import counted_rows


class ClassPrior(nn.Module):
    """[C, C]: by label, the mean of softmax(teacher / T) over the samples of the previous epoch.

    Uniform, 1 / C, in the first epoch. Call `update` at every step and `roll` at the end of every epoch. Both
    matrices are buffers, saved and resumed in the middle of an epoch too. A label that an epoch did not see keeps
    its row; the source divides by zero there. With several processes each has the mean of its own samples.

    Attributes:
        prior: [C, C], rows sum to 1: to be given to the loss.
        running: [C, C], the sums of the present epoch; the rows' own sums count the samples.
    """

    prior: Tensor
    running: Tensor

    def __init__(self, classes: int, *, temperature: float = 4.0) -> None:
        super().__init__()
        check_positive("classes", classes)
        check_positive("temperature", temperature)
        self.temperature = temperature
        self.register_buffer("prior", torch.full((classes, classes), 1 / classes))
        self.register_buffer("running", torch.zeros(classes, classes))

    @torch.no_grad()
    def update(self, teacher: Tensor, labels: Tensor, *, mask: Tensor | None = None) -> None:
        """Take the teacher's logits [B, C] or [B, N, C] for labels [B] or [B, N] into the present epoch.

        Raises:
            ValueError: shapes, labels or mask that do not fit.
        """
        classes = len(self.prior)
        if teacher.ndim not in (2, 3) or teacher.shape[-1] != classes:
            raise ValueError(f"expected teacher [B, {classes}] or [B, N, {classes}], found {list(teacher.shape)}")
        check_mask(mask, teacher.shape[:-1])
        check_labels(labels, teacher.shape[:-1], classes=classes, mask=mask)
        rows = counted_rows(teacher, mask).to(self.running.dtype)
        seen = counted_rows(labels.unsqueeze(-1), mask).squeeze(-1).long()
        self.running.index_add_(0, seen, F.softmax(rows / self.temperature, dim=-1))

    @torch.no_grad()
    def roll(self) -> None:
        """End the epoch: its means become the prior, the sums start anew."""
        count = self.running.sum(-1, keepdim=True)
        self.prior.copy_(torch.where(count > 0, self.running / count.clamp_min(1e-12), self.prior))
        self.running.zero_()
