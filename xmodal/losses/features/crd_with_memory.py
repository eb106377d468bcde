"""CRD with its embedding heads, in both directions, against a memory of all training samples.

Tian et al.: Contrastive Representation Distillation, ICLR 2020, arXiv 1910.10699; the released form as in
HobbitLong/RepDistiller. Evidence: exact (released form); recalled (paper form).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_items, check_known, check_mask, check_positive, check_same_batch
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._vectors import unit
from xmodal.losses.features.crd import crd_loss, similarities
from xmodal.losses.features.crd_memory import CRDMemory

Form = Literal["released", "paper"]


class CRDLoss(nn.Module):
    """`crd_loss` in both directions, with an embedding head for either model and their memory of all samples.

    The heads, one linear layer each, are parameters: give them to the optimiser. The term with the student's
    embedding trains the student and its head, the other one the teacher's head alone; negatives keep both from
    collapsing. The normalisers are set at the first call and then stay. `state_dict` holds them, the memory, and the
    state of the draws. In evaluation mode nothing is stored in the memory. The source's weight is 0.8.

    Args:
        student_dim: Ds of the student's features.
        teacher_dim: Dt of the teacher's.
        num_samples: N >= 2 of the training set: sample numbers are below.
        dim: of the embeddings.
        negatives: K > 0 per sample. One call gathers 2 * B * K * dim numbers.
        temperature, reduction: as in `crd_loss`.
        momentum: in [0, 1): share of the old embedding in the memory.
        form: what the own sample is compared with. "released": the other model's embedding in the memory, from when
            the sample was last seen (at random at first); "paper": the one of this batch.
        seed: of the memory's start and of the draws.

    Raises:
        ValueError: a number out of its range, an unknown form.
    """

    normalisers: Tensor

    def __init__(
        self,
        student_dim: int,
        teacher_dim: int,
        num_samples: int,
        *,
        dim: int = 128,
        negatives: int = 16384,
        temperature: float = 0.07,
        momentum: float = 0.5,
        form: Form = "released",
        seed: int = 0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_positive("negatives", negatives)
        check_positive("temperature", temperature)
        check_known("form", form, ("released", "paper"))
        self.student_head = nn.Linear(student_dim, dim)
        self.teacher_head = nn.Linear(teacher_dim, dim)
        self.memory = CRDMemory(num_samples, dim, momentum=momentum, seed=seed)
        self.register_buffer("normalisers", torch.zeros(2))  # of student and teacher; 0 until the first call
        self.negatives = negatives
        self.temperature = temperature
        self.form: Form = form
        self.reduction: Reduction = reduction

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        *,
        index: Tensor,
        negatives: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """The loss of [B, Ds] against [B, Dt] features of the samples numbered index [B], and an update of the memory.

        Args:
            student: [B, Ds] features.
            teacher: [B, Dt] features; get no gradient.
            index: [B] int64 sample numbers in [0, N).
            negatives: [B, K] sample numbers to compare with, such as those of other classes, as the source draws them;
                None for a uniform draw of all but the sample itself.
            mask: [B] bool, True for what counts; a masked sample leaves no trace in the memory.

        Raises:
            ValueError: shapes, mask or sample numbers that do not fit.
        """
        check_same_batch(student, teacher)
        check_items("index", index, student.shape[:1])
        check_mask(mask, student.shape[:1])
        index = blank(index, mask)
        self.memory.check(index)
        if negatives is None:
            negatives = self.memory.draw(index, self.negatives)
        else:
            negatives = blank(negatives, mask)
            self.memory.check(negatives)
        dtype = self.student_head.weight.dtype
        ours = unit(self.student_head(blank(student, mask).to(dtype)).to(dtype))  # [B, D]
        theirs = unit(self.teacher_head(blank(teacher, mask).detach().to(dtype)).to(dtype))
        own_ours, own_theirs = ours, theirs
        if self.form == "released":
            own_ours, own_theirs = self.memory.student[index], self.memory.teacher[index]
        directions = (
            (ours, own_theirs, self.memory.teacher[negatives]),  # [B, D], [B, D], [B, K, D]
            (theirs, own_ours, self.memory.student[negatives]),
        )
        if not self.normalisers.all():
            self.normalisers.copy_(torch.stack([self._normaliser(*one, mask) for one in directions]))
        loss = torch.stack([self._half(*one, z, mask) for one, z in zip(directions, self.normalisers, strict=True)])
        if self.training:
            counted = slice(None) if mask is None else mask
            self.memory.update(index[counted], ours[counted], theirs[counted])
        return loss.sum(0)

    def _normaliser(self, anchor: Tensor, own: Tensor, others: Tensor, mask: Tensor | None) -> Tensor:
        """N times the mean exponential of the samples that count; 0, which is not yet set, where none does."""
        with torch.no_grad():
            items = (similarities(anchor, own.detach(), others) / self.temperature).exp().mean(1)
            return len(self.memory.student) * reduce_items(items, mask, "mean")

    def _half(self, anchor: Tensor, own: Tensor, others: Tensor, z: Tensor, mask: Tensor | None) -> Tensor:
        return crd_loss(
            anchor,
            own,
            negatives=others,
            num_samples=len(self.memory.student),
            normaliser=torch.where(z > 0, z, 1),
            temperature=self.temperature,
            reduction=self.reduction,
            mask=mask,
        )
