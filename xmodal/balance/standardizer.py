"""What the standardisers of teacher features share: several teachers are comparable once their targets have one scale.

They are modules for the distillers of a committee: targets [..., D] in, targets of one scale out. What they know of the
teacher lies in buffers, and is saved and resumed with the distiller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


class Standardizer(nn.Module):
    """Changes teacher features [..., D] to a common scale; the result carries no gradient to the teacher.

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"expected a width from 1, found {width}")
        self.width = width

    def fit(self, samples: Iterable[Tensor]) -> None:
        """Take statistics of training features, each tensor [..., D] of rows that count, once before the first step.

        To be called in a distiller's `prepare`. Standardisers that follow the batches need nothing of it.
        """

    def forward(self, x: Tensor, *, progress: float, mask: Tensor | None = None) -> Tensor:
        """Standardised features, in float32 or wider.

        Args:
            x: [..., D] teacher features.
            progress: `Frame.progress`.
            mask: bool over the leading dimensions of x, True for what counts; the others come out as zeros.

        Raises:
            ValueError: another width, or a mask that does not fit.
        """
        x = self.checked(x).detach()
        if mask is None:
            return self.change(x, progress)
        if mask.dtype != torch.bool or mask.shape != x.shape[:-1]:
            raise ValueError(f"expected a bool mask {list(x.shape[:-1])}, found {mask.dtype} {list(mask.shape)}")
        out = torch.zeros_like(x)
        out[mask] = self.change(x[mask], progress)
        return out

    def change(self, x: Tensor, progress: float) -> Tensor:
        """The same for rows that all count."""
        raise NotImplementedError

    def checked(self, x: Tensor) -> Tensor:
        """x in float32 or wider, if its width is right."""
        if x.ndim < 2 or x.shape[-1] != self.width:
            raise ValueError(f"expected teacher features [..., {self.width}], found {list(x.shape)}")
        return x.to(torch.promote_types(x.dtype, torch.float32))


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [D] of x [..., D] over all rows, divided by rows - 1; 0 for a single row."""
    rows = x.flatten(0, -2)
    mean = rows.mean(0)
    return mean, ((rows - mean).square().sum(0) / max(len(rows) - 1, 1)).sqrt()


Scatter = Callable[[Tensor], Tensor]
"""Centred rows [M, D] to their summed squares: [D], or [D, D] with all products."""


def squares(rows: Tensor) -> Tensor:
    """[D]."""
    return rows.square().sum(0)


def products(rows: Tensor) -> Tensor:
    """[D, D]."""
    return rows.T @ rows


def gather(samples: Iterable[Tensor], scatter: Scatter) -> tuple[Tensor, Tensor]:
    """Mean [D] and (co)variance over all rows of all samples, divided by rows - 1, in float64, one sample at a time.

    Raises:
        ValueError: fewer than two rows, or a value that is not finite.
    """
    count, mean, total = 0, torch.zeros(()), torch.zeros(())
    for sample in samples:
        rows = sample.detach().flatten(0, -2).double()
        if len(rows) == 0:
            continue
        own = rows.mean(0)
        # The sums of both parts about their own means, and what the distance of those means adds (Chan et al. 1983).
        step = (own - mean.to(rows)).unsqueeze(0)
        both = count + len(rows)
        total = total.to(rows) + scatter(rows - own) + scatter(step) * (count * len(rows) / both)
        mean = mean.to(rows) + step.squeeze(0) * (len(rows) / both)
        count = both
    if count < 2 or not total.isfinite().all():
        raise ValueError(f"teacher features: expected at least two rows of finite values, found {count} rows")
    return mean, total / (count - 1)
