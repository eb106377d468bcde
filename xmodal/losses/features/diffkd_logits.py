"""DiffKD for class scores: the student's logits are denoised by a diffusion model trained on the teacher's.

Huang et al.: Knowledge Diffusion for Distillation, NeurIPS 2023 (code hunto/image_classification_sota).
Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_positive, check_same_shape
from xmodal.losses.features._ddim import Span
from xmodal.losses.features._diffusion import DiffKDTerms, DiffusionDraws, DiffusionRefiner
from xmodal.losses.features._diffusion_nets import ALONE
from xmodal.losses.logits.kd import kd_loss


class DiffKDLogitsLoss(nn.Module):
    """T² KL(teacher || denoised student) + error of the denoiser, for logits [B, C].

    As `DiffKDLoss`, without autoencoder and with linear layers in place of convolutions; 0 for no pair of inputs in
    general. In training it needs two samples, for batch statistics.

    Args:
        classes: C.
        temperature: T > 0.
        steps: denoising steps.
        span: "lower_half" as the source has it: 400, 300, 200, 100, 0 of 1000 levels for 5 steps; "whole": 800 to 0.

    Raises:
        ValueError: T <= 0, steps < 1, or an unknown span.
    """

    def __init__(self, classes: int, *, temperature: float = 1.0, steps: int = 5, span: Span = "lower_half") -> None:
        super().__init__()
        check_positive("temperature", temperature)
        self.temperature = temperature
        self.refiner = DiffusionRefiner(classes, classes, latent_channels=None, kernel=ALONE, steps=steps, span=span)

    def forward(
        self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, draws: DiffusionDraws | None = None
    ) -> Tensor:
        """The sum of `terms`: a scalar."""
        return self.terms(student, teacher, mask=mask, draws=draws).total

    def terms(
        self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None, draws: DiffusionDraws | None = None
    ) -> DiffKDTerms:
        """The parts, and the logits [M, C] of the M samples that count: the student's denoised, the teacher's.

        Args:
            student: [B, C] logits.
            teacher: [B, C]; gets no gradient.
            mask: [B] bool, True for what counts; masking equals removing. All parts are 0 where nothing counts.
            draws: what is random, as [M, C, 1, 1] and [M]; None draws from torch's generator.

        Raises:
            ValueError: shapes, classes or mask that do not fit; a single sample in training.
        """
        check_same_shape(student, teacher, expected="[B, C]", dims=range(2, 3))
        check_mask(mask, student.shape[:1])
        if mask is not None:
            student, teacher = student[mask], teacher[mask]
        terms: DiffKDTerms = self.refiner(
            student[:, :, None, None], teacher[:, :, None, None], distance=self._divergence, draws=draws
        )
        return terms._replace(student=terms.student.flatten(1), teacher=terms.teacher.flatten(1))

    def _divergence(self, student: Tensor, teacher: Tensor) -> Tensor:
        return kd_loss(student.flatten(1), teacher.flatten(1), temperature=self.temperature)
