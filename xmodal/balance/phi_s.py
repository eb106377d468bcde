"""PHI-S: PCA, a Hadamard rotation and one scale give every channel of the teacher's features the same variance.

Ranzinger et al.: PHI-S, arXiv 2410.01680; authors' code in NVlabs/RADIO. Evidence: exact (widths with a Hadamard
matrix); the rotation of other widths is ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from xmodal.balance.equal_variance import equal_variance_rotation
from xmodal.balance.hadamard import hadamard
from xmodal.balance.standardizer import Standardizer, gather, products


class PHIS(Standardizer):
    """x' = (1/phi) R U^T (x - mean), with covariance U diag(e) U^T, phi = sqrt(mean(e)) and R = H / sqrt(D).

    On the rows of `fit` every channel of x' has mean 0 and variance 1, as with any whitening, but as the map is one
    rotation times one number, errors keep their proportions: |x' - y'| = |x - y| / phi. `inverse` undoes it. Before
    `fit` the map is the identity. Signs of the eigenvectors are fixed, so that all machines agree.

    Where no Hadamard matrix of the width is known, the source draws a random rotation, whose channel variances
    spread from 0.3 to 2.7 on an ill-conditioned example. Here R is then the Hartley matrix, turned in D - 1 planes at
    most until all variances are 1 (`equal_variance_rotation`): what is said above holds at every width. Lost is only
    that each principal component adds the same to each channel: the squares of R's entries, 1 / D in a Hadamard
    rotation, lie between 0 and 2 / D.

    Args:
        width: D.
    """

    mean: Tensor
    matrix: Tensor
    phi: Tensor

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("matrix", torch.eye(width))
        self.register_buffer("phi", torch.ones(()))

    def fit(self, samples: Iterable[Tensor]) -> None:
        """Take mean and covariance, in float64.

        Raises:
            ValueError: fewer than two rows, values that are not finite, or features that do not vary.
        """
        mean, covariance = gather((self.checked(x) for x in samples), products)
        variances, axes = principal(covariance.cpu())
        phi = variances.mean().sqrt()
        if phi == 0:
            raise ValueError("teacher features: expected some variance, found the same row everywhere")
        self.mean.copy_(mean)
        self.phi.copy_(phi)
        self.matrix.copy_(rotation(variances) @ axes.T / phi)

    def change(self, x: Tensor, progress: float) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return (x - self.mean) @ self.matrix.to(x.dtype).T

    def inverse(self, standardised: Tensor) -> Tensor:
        """The teacher's own features of standardised ones [..., D], such as a student's; keeps gradients."""
        x = self.checked(standardised)
        with torch.autocast(x.device.type, enabled=False):
            own: Tensor = x @ self.matrix.to(x.dtype) * self.phi.square() + self.mean
        return own


def rotation(variances: Tensor) -> Tensor:
    """[D, D] R that spreads principal variances [D] evenly: each channel of R x has their mean as its variance."""
    matrix = hadamard(len(variances))
    if matrix is None:
        return equal_variance_rotation(variances)
    return matrix.to(variances.dtype) / math.sqrt(len(variances))


def principal(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues [D] from 0, rising, and eigenvectors [D, D] as columns, the largest entry of each positive."""
    values, axes = torch.linalg.eigh(covariance)
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    return values.clamp_min(0), axes * largest.sign()
