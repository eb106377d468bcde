"""The student's feature map is a noisy teacher's: a diffusion model trained on the teacher denoises it, then compare.

Huang et al.: Knowledge Diffusion for Distillation, NeurIPS 2023 (code hunto/image_classification_sota).
Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_but
from xmodal.losses.features._ddim import Span
from xmodal.losses.features._diffusion import DiffKDTerms, DiffusionDraws, DiffusionRefiner
from xmodal.losses.features.hint import hint_loss


class DiffKDLoss(nn.Module):
    """MSE(denoised student, teacher's latent) + error of the denoiser + error of the teacher's autoencoder, for maps.

    Not zero for equal maps: noise is mixed into the student's before it is denoised. Its modules are trained along
    with the student. The teacher's latent is the target without gradient and reconstruction keeps it from
    collapsing; the denoiser learns from the teacher's latent and from the comparison, whose gradient runs back
    through all denoising steps.

    Args:
        student_channels: Cs.
        teacher_channels: Ct.
        latent_channels: of the teacher's autoencoder; None for half of Ct. The source's ImageNet runs have 1024.
        steps: denoising steps.
        span: "lower_half" as the source has it: 400, 300, 200, 100, 0 of 1000 levels for 5 steps; "whole": 800 to 0.

    Raises:
        ValueError: steps < 1, or an unknown span.
    """

    def __init__(
        self,
        student_channels: int,
        teacher_channels: int,
        *,
        latent_channels: int | None = None,
        steps: int = 5,
        span: Span = "lower_half",
    ) -> None:
        super().__init__()
        self.refiner = DiffusionRefiner(
            student_channels,
            teacher_channels,
            latent_channels=max(1, teacher_channels // 2) if latent_channels is None else latent_channels,
            kernel=(3, 3),
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
        """The three parts, and the two latents that were compared.

        Args:
            student: [B, Cs, H, W].
            teacher: [B, Ct, H, W]; gets no gradient.
            mask: [B] bool, True for what counts; masking equals removing. All parts are 0 where nothing counts.
            draws: what is random, for the samples that count; None draws from torch's generator.

        Raises:
            ValueError: shapes, channels or mask that do not fit.
        """
        expected = "student [B, Cs, H, W] and teacher [B, Ct, H, W]"
        check_same_but(student, teacher, 1, expected=expected, dims=range(4, 5))
        check_mask(mask, student.shape[:1])
        if mask is not None:
            student, teacher = student[mask], teacher[mask]
        terms: DiffKDTerms = self.refiner(student, teacher, distance=hint_loss, draws=draws)
        return terms
