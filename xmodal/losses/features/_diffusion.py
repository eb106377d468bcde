"""What the three DiffKD losses share: the student's feature is denoised by a model trained on the teacher's.

Huang et al.: Knowledge Diffusion for Distillation, NeurIPS 2023 (code hunto/image_classification_sota).
Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._precision import without_autocast
from xmodal.losses.features._ddim import DDIM, LEVELS, Span
from xmodal.losses.features._diffusion_nets import Denoiser, FeatureAutoencoder, Kernel, NoiseAdapter

Distance = Callable[[Tensor, Tensor], Tensor]


class DiffusionDraws(NamedTuple):
    """All that is random in one call.

    Attributes:
        student_noise: [B, C, H, W] standard normal, of the latents' shape; mixed into the student's latent.
        teacher_noise: same shape; the denoiser learns to find it in the teacher's latent.
        levels: [B] integers in [0, 1000): at which level of noise.
    """

    student_noise: Tensor
    teacher_noise: Tensor
    levels: Tensor


class DiffKDTerms(NamedTuple):
    """The parts of the loss, and what was compared, for the items that count.

    Attributes:
        distance: between the two latents.
        diffusion: mean squared error of the denoiser on the noisy teacher's latent.
        reconstruction: mean squared error of the teacher's autoencoder; 0 where there is none.
        student: the student's latent, denoised.
        teacher: the teacher's latent, without gradient; same shape.
    """

    distance: Tensor
    diffusion: Tensor
    reconstruction: Tensor
    student: Tensor
    teacher: Tensor

    @property
    def total(self) -> Tensor:
        """The sum of the three parts, each with weight 1 as in the source."""
        return self.distance + self.diffusion + self.reconstruction


class DiffusionRefiner(nn.Module):
    """Denoises student features [B, Cs, H, W] towards teacher features [B, Ct, H, W].

    Args:
        student_channels: Cs.
        teacher_channels: Ct.
        latent_channels: of the autoencoder of the teacher; None for no autoencoder. The latents have these channels.
        kernel: what a position sees.
        steps, span: of the reversed diffusion, see `DDIM`.
    """

    def __init__(
        self,
        student_channels: int,
        teacher_channels: int,
        *,
        latent_channels: int | None,
        kernel: Kernel,
        steps: int,
        span: Span,
    ) -> None:
        super().__init__()
        self.channels = student_channels, teacher_channels
        channels = teacher_channels if latent_channels is None else latent_channels
        self.autoencoder = None if latent_channels is None else FeatureAutoencoder(teacher_channels, channels)
        self.into_latent = nn.Conv2d(student_channels, channels, 1)
        self.denoiser = Denoiser(channels, kernel=kernel)
        self.noise_adapter = NoiseAdapter(channels, kernel=kernel)
        self.out_of_diffusion = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels))
        self.ddim = DDIM(steps=steps, span=span)

    def draw(self, latent: Tensor) -> DiffusionDraws:
        """For latents of this shape, from torch's generator of their device."""
        student_noise, teacher_noise = torch.randn_like(latent), torch.randn_like(latent)
        levels = torch.randint(0, LEVELS, (len(latent),), device=latent.device)
        return DiffusionDraws(student_noise, teacher_noise, levels)

    def forward(
        self, student: Tensor, teacher: Tensor, *, distance: Distance, draws: DiffusionDraws | None
    ) -> DiffKDTerms:
        """Computed in the dtype of the parameters.

        Raises:
            ValueError: other channels than announced; in training, a single item of a single position, which has no
                batch statistics.
        """
        if (found := (student.shape[1], teacher.shape[1])) != self.channels:
            wanted = "student and teacher of {} and {} channels"
            raise ValueError(f"expected {wanted.format(*self.channels)}, found {found[0]} and {found[1]}")
        dtype = self.into_latent.weight.dtype
        student, teacher = student.to(dtype), teacher.detach().to(dtype)
        if self.training and student.shape[0] * student.shape[2:].numel() == 1:
            raise ValueError("expected at least two items that count, for batch statistics in training, found 1")
        with without_autocast(student):
            target, reconstruction = self._target(teacher)
            latent = self.into_latent(student)
            if not len(student):
                nothing = student.sum()
                return DiffKDTerms(nothing, nothing, nothing, latent, target)
            draws = self.draw(latent) if draws is None else draws
            kept = self.noise_adapter(latent)[:, None, None, None]
            noisy = kept * latent + (1 - kept) * draws.student_noise
            refined = self.out_of_diffusion(self.ddim.denoise(noisy, self.denoiser))
            blurred = self.ddim.add_noise(target, draws.teacher_noise, draws.levels)
            diffusion = F.mse_loss(self.denoiser(blurred, draws.levels), draws.teacher_noise)
            return DiffKDTerms(distance(refined, target), diffusion, reconstruction, refined, target)

    def _target(self, teacher: Tensor) -> tuple[Tensor, Tensor]:
        """The teacher's latent without gradient, and the error of its reconstruction."""
        if self.autoencoder is None or not len(teacher):
            return teacher, teacher.new_zeros(())
        latent, rebuilt = self.autoencoder(teacher)
        return latent.detach(), F.mse_loss(rebuilt, teacher)
