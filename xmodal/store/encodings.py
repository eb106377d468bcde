"""How the numbers of one part of a teacher's output are kept: in fewer bits, in fewer channels, or the largest alone.

`float32`, `float16`, `bfloat16` as they are; `int8` with a scale for each vector along the last axis (re-implementation
of plain absolute-maximum quantisation); a PCA to k channels in any of these; or the k largest logits with the
logarithm of what the softmax has left for all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from xmodal.errors import ConfigError, DataError

KINDS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16, "int8": torch.int8}


@dataclass(frozen=True, slots=True)
class Form:
    """How one part is kept.

    Attributes:
        kind: "float32", "float16", "bfloat16" or "int8"; "same" for that of the first three which the teacher returns;
            "none" to leave the part out.
        pca: channels of the last axis that are kept, after a rotation to the principal ones; 0 for all as they are.
        top: of the last axis, how many of the largest logits are kept; 0 for all.
    """

    kind: str = "same"
    pca: int = 0
    top: int = 0

    def __post_init__(self) -> None:
        if self.kind not in ("same", "none", *KINDS):
            known = ", ".join(("same", "none", *KINDS))
            raise ConfigError(f"form: expected one of {known}, found {self.kind!r}")
        if self.kind == "none" and (self.pca or self.top):
            raise ConfigError(f"form: a part that is left out has neither, found pca={self.pca}, top={self.top}")
        if self.pca < 0 or self.top < 0 or (self.pca and self.top):
            raise ConfigError(f"form: expected pca or top above 0, not both, found pca={self.pca}, top={self.top}")

    @property
    def exact(self) -> bool:
        """Whether float32 numbers come back as they were."""
        return self.kind == "float32" and not self.pca and not self.top

    def text(self) -> str:
        return self.kind + (f", PCA to {self.pca}" if self.pca else "") + (f", top {self.top}" if self.top else "")


@dataclass(frozen=True, slots=True)
class Basis:
    """mean [D] and directions [k, D] of a PCA, and the share of the variance that they leave out."""

    mean: Tensor
    directions: Tensor
    lost: float


def fit_basis(x: Tensor, count: int, where: str) -> Basis:
    """The principal directions of rows [R, D], in float64.

    Raises:
        ConfigError: there are fewer channels or rows than directions.
    """
    if count > min(x.shape):
        found = f"{x.shape[1]} channels and {x.shape[0]} rows in the batches that it is fitted to"
        raise ConfigError(f"{where}: PCA to {count} needs as many channels and rows, found {found}")
    wide = x.double()
    mean = wide.mean(0)
    covariance = (wide - mean).T @ (wide - mean) / max(1, len(wide) - 1)
    variance, directions = torch.linalg.eigh(covariance)  # in rising order
    kept = directions[:, -count:].flip(1).T
    # A direction and its opposite are equally good: the largest component is made positive, so that runs agree.
    sign = kept.gather(1, kept.abs().argmax(1, keepdim=True)).sign()
    lost = 1 - float(variance[-count:].sum() / variance.sum().clamp_min(1e-30))
    return Basis(mean.float(), (kept * sign).float().contiguous(), max(0.0, lost))


def encode(x: Tensor, form: Form, basis: Basis | None, where: str) -> dict[str, Tensor]:
    """One row's part [..., D] as named arrays; "" is the only name of a plain form.

    Raises:
        DataError: a number is not finite.
    """
    if not bool(torch.isfinite(x).all()):
        raise DataError(where, expected="finite numbers", found="NaN or infinity")
    x = x.float()
    if form.top:
        return _largest(x, form)
    if basis is not None:
        x = (x - basis.mean) @ basis.directions.T
    if form.kind != "int8":
        kept = x.to(KINDS[form.kind])
        if not bool(torch.isfinite(kept).all()):
            raise DataError(where, expected=f"numbers that {form.kind} holds", found=f"{float(x.abs().max()):.3g}")
        return {"": kept}
    scale = x.abs().amax(-1) / 127
    values = torch.round(x / scale.clamp_min(1e-30).unsqueeze(-1)).to(torch.int8)
    return {"values": values, "scale": scale}


def decode(arrays: Mapping[str, Tensor], form: Form, basis: Basis | None, width: int) -> Tensor:
    """[..., width] float32, from arrays of one row or of several side by side."""
    if form.top:
        return _spread(arrays, width)
    x = arrays["values"].float() * arrays["scale"].unsqueeze(-1) if form.kind == "int8" else arrays[""].float()
    if basis is None:
        return x
    return x @ basis.directions.to(x.device) + basis.mean.to(x.device)


def _largest(x: Tensor, form: Form) -> dict[str, Tensor]:
    count = min(form.top, x.shape[-1])
    index = x.topk(count, dim=-1).indices
    shares = torch.log_softmax(x.double(), -1)
    rest = shares.scatter(-1, index, -torch.inf).logsumexp(-1)  # -inf where nothing is left
    kept = KINDS["float32" if form.kind == "int8" else form.kind]
    return {
        "top": shares.gather(-1, index).to(kept),
        "index": index.to(torch.int32),
        "tail": rest.clamp_min(-1e4).float(),
    }


def _spread(arrays: Mapping[str, Tensor], width: int) -> Tensor:
    """Logits whose softmax has the kept probabilities, and what is left spread evenly over all other classes."""
    top, index = arrays["top"].float(), arrays["index"].long()
    others = width - index.shape[-1]
    level = arrays["tail"].unsqueeze(-1) - torch.log(torch.tensor(float(max(others, 1)), device=top.device))
    return level.expand(*index.shape[:-1], width).scatter(-1, index, top)
