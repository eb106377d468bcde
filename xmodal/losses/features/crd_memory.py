"""Embeddings of every training sample from the last time it was seen, by student and by teacher.

The memory of Tian et al.: Contrastive Representation Distillation, ICLR 2020, arXiv 1910.10699; as in
HobbitLong/RepDistiller. Evidence: exact; drawing a sample never as its own negative is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xmodal.losses._checks import check_positive
from xmodal.losses._vectors import unit


class CRDMemory(nn.Module):
    """Two banks [N, D] by sample number, which start at random, and draws of negatives from them.

    The banks and the state of the draws are part of `state_dict`, so that a resumed run continues with the same
    negatives. No parameters.

    Args:
        num_samples: N >= 2: samples of the training set.
        dim: D of the embeddings.
        momentum: in [0, 1): share of the old row in an updated one.
        seed: of the banks' start and of the draws.

    Raises:
        ValueError: fewer than two samples, a dim <= 0, a momentum outside of [0, 1).
    """

    student: Tensor
    teacher: Tensor

    def __init__(self, num_samples: int, dim: int, *, momentum: float = 0.5, seed: int = 0) -> None:
        super().__init__()
        check_positive("num_samples - 1", num_samples - 1)
        check_positive("dim", dim)
        if not 0 <= momentum < 1:
            raise ValueError(f"expected momentum in [0, 1), found {momentum}")
        self.momentum = momentum
        # On the CPU whatever the banks are on: the same draws on every device, and no waiting for one.
        self.generator = torch.Generator().manual_seed(seed)
        bound = (3 / dim) ** 0.5  # rows of length 1 on average
        for name in ("student", "teacher"):
            self.register_buffer(name, bound * (2 * torch.rand(num_samples, dim, generator=self.generator) - 1))

    def draw(self, index: Tensor, count: int) -> Tensor:
        """[B] sample numbers -> [B, count] others, uniformly from all but the sample itself, with replacement."""
        self.check(index)
        size = (len(index), count)
        drawn = torch.randint(len(self.student) - 1, size, generator=self.generator).to(index.device)
        return drawn + (drawn >= index.unsqueeze(1))

    def update(self, index: Tensor, student: Tensor, teacher: Tensor) -> None:
        """Mix the rows [B] of both banks with new embeddings [B, D], and bring them to length 1.

        Of a sample that occurs twice, one embedding is kept.
        """
        self.check(index)
        with torch.no_grad():
            for bank, new in ((self.student, student), (self.teacher, teacher)):
                mixed = self.momentum * bank[index] + (1 - self.momentum) * new.to(bank.dtype)
                bank[index] = unit(mixed)

    def check(self, index: Tensor) -> None:
        """Sample numbers, int64 in [0, N).

        Raises:
            ValueError: otherwise; it quotes the dtype or the range found.
        """
        if index.dtype != torch.int64:
            raise ValueError(f"expected int64 sample numbers, found {index.dtype}")
        # Reading values back would make a GPU wait at every step; there the lookup itself refuses such a number.
        if index.device.type == "cpu" and index.numel():
            lowest, highest, samples = int(index.min()), int(index.max()), len(self.student)
            if lowest < 0 or highest >= samples:
                raise ValueError(f"expected sample numbers in [0, {samples}), found {lowest} to {highest}")

    def get_extra_state(self) -> Tensor:
        return self.generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self.generator.set_state(state.cpu())
