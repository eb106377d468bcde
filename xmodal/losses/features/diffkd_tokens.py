"""DiffKD for vectors and sequences of tokens, as Purify-then-Align denoises each sensor towards the fusion of all.

PTA, CVPR 2026, arXiv 2604.05584 (code Vongolia11/PTA), on Huang et al.: Knowledge Diffusion for Distillation, NeurIPS
2023. Evidence: exact (released code); described (PTA's text: a re-implementation from the description).
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_mask, check_same_but
from xmodal.losses._items import counted_rows
from xmodal.losses.features._ddim import Span
from xmodal.losses.features._diffusion import DiffKDTerms, DiffusionDraws, DiffusionRefiner, Distance
from xmodal.losses.features._diffusion_nets import ALONE
from xmodal.losses.features.hint import hint_loss

Mixing = Literal["vectors", "sequence"]


class DiffKDTokensLoss(nn.Module):
    """Distance of the denoised student from the teacher's latent + errors of denoiser and autoencoder, for tokens.

    As `DiffKDLoss`, with one share of noise and one level of noise for each vector ("vectors") or each sample
    ("sequence"). In training it needs two vectors, for batch statistics.

    Args:
        student_width: Ds.
        teacher_width: Dt.
        latent_width: of the teacher's autoencoder; None for half of Dt, as PTA has it (256 of 512).
        mixing: "vectors": each token alone, by linear layers, as DiffKD treats logits. "sequence": convolutions over
            three neighbours along N, as PTA's released code has it.
        distance: of student and teacher latents, [M, D] for the M vectors that count, or [B, N, D]: the mean squared
            error of PTA's text; its released code compares by DIST.
        steps: denoising steps.
        span: "lower_half" as DiffKD has it: 400, 300, 200, 100, 0 of 1000 levels for 5 steps; "whole" as PTA's
            released code has it: 800, 600, 400, 200, 0.

    Raises:
        ValueError: steps < 1, an unknown mixing or span.
    """

    def __init__(
        self,
        student_width: int,
        teacher_width: int,
        *,
        latent_width: int | None = None,
        mixing: Mixing = "vectors",
        distance: Distance = hint_loss,
        steps: int = 5,
        span: Span = "lower_half",
    ) -> None:
        super().__init__()
        check_known("mixing", mixing, ("vectors", "sequence"))
        self.mixing: Mixing = mixing
        self.distance = distance
        self.refiner = DiffusionRefiner(
            student_width,
            teacher_width,
            latent_channels=max(1, teacher_width // 2) if latent_width is None else latent_width,
            kernel=ALONE if mixing == "vectors" else (3, 1),
            steps=steps,
            span=span,
        )

    def forward(
        self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, draws: DiffusionDraws | None = None
    ) -> Tensor:
        """The sum of `terms`: a scalar."""
        return self.terms(student, teacher, mask=mask, draws=draws).total

    def terms(
        self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, draws: DiffusionDraws | None = None
    ) -> DiffKDTerms:
        """The three parts, and the two latents that were compared, in the layout that `distance` gets.

        Args:
            student: [B, N, Ds]; or [B, Ds] where the mixing is "vectors".
            teacher: [B, N, Dt] or [B, Dt]; gets no gradient.
            mask: bool [B], or [B, N] where the mixing is "vectors", True for what counts; masking equals removing.
                All parts are 0 where nothing counts.
            draws: what is random for what counts, as [M, D, 1, 1] for vectors or [B, D, N, 1]; None draws from torch's
                generator.

        Raises:
            ValueError: shapes, widths or mask that do not fit; a single vector in training.
        """
        alone = self.mixing == "vectors"
        expected = "student [B, N, Ds] and teacher [B, N, Dt]" + (", or the same without N" if alone else "")
        check_same_but(student, teacher, student.ndim - 1, expected=expected, dims=range(2 if alone else 3, 4))
        check_mask(mask, student.shape[:-1] if alone else student.shape[:1])
        ours, theirs = (self._to_maps(x, mask) for x in (student, teacher))
        terms: DiffKDTerms = self.refiner(ours, theirs, distance=self._compare, draws=draws)
        return terms._replace(student=self._from_maps(terms.student), teacher=self._from_maps(terms.teacher))

    def decode(self, latent: Tensor) -> Tensor:
        """[..., D] latents, such as the denoised student of `terms`, in the teacher's width [..., Dt]."""
        assert self.refiner.autoencoder is not None
        decoder = self.refiner.autoencoder.decoder
        return nn.functional.linear(latent, decoder.weight.flatten(1), decoder.bias)

    def _compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        return self.distance(self._from_maps(student), self._from_maps(teacher))

    def _to_maps(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[M, D, 1, 1] or [B, D, N, 1]."""
        if self.mixing == "vectors":
            return counted_rows(x, mask)[:, :, None, None]
        return (x if mask is None else x[mask]).transpose(1, 2).unsqueeze(-1)

    def _from_maps(self, x: Tensor) -> Tensor:
        """[M, D] or [B, N, D]."""
        x = x.squeeze(-1)
        return x.squeeze(-1) if self.mixing == "vectors" else x.transpose(1, 2)
