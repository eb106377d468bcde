"""Each sample is told from thousands of others by what student and teacher last made of them: CRD.

Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020, arXiv 1910.10699 (code
HobbitLong/RepDistiller). Evidence: exact (the loss); ours (negatives are all other samples, since most have no label
here: the source draws them from the other classes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import CRDLoss
from xmodal.tasks import Task


class ContrastiveMemory(Distiller):
    """Term "crd", [B]: noise-contrastive estimation both ways between the pooled vectors, against two memories.

    Heads for either model, the memories and their normalisers belong to the distiller. Negatives keep the teacher's
    head from collapsing. The source's weight is 0.8.

    Args:
        samples: of the training set; the memories have a row for each.
        teacher: whose pooled vectors.
        dim: of the embeddings.
        negatives: per sample; one step gathers 2 * batch * negatives * dim numbers.
        temperature, momentum, form, seed: as in `CRDLoss`.
    """

    def __init__(
        self,
        *,
        samples: int,
        teacher: str = "teacher",
        dim: int = 128,
        negatives: int = 16384,
        temperature: float = 0.07,
        momentum: float = 0.5,
        form: Literal["released", "paper"] = "released",
        seed: int = 0,
    ) -> None:
        super().__init__(teacher)
        self.samples, self.dim, self.negatives = samples, dim, negatives
        self.temperature, self.momentum, self.seed = temperature, momentum, seed
        self.form: Literal["released", "paper"] = form

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.loss = CRDLoss(
            models["student"].width,
            models[self.teacher].width,
            self.samples,
            dim=self.dim,
            negatives=self.negatives,
            temperature=self.temperature,
            momentum=self.momentum,
            form=self.form,
            seed=self.seed,
            reduction="none",
        )

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        taught = frame.taught[self.teacher]
        value = self.loss(
            frame.student.need_pooled("student"),
            frame.other(self.teacher).need_pooled(self.teacher),
            index=frame.index,
            mask=taught,
        )
        return {"crd": over_rows(value, taught)}
