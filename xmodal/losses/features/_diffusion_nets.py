"""The small networks of DiffKD, for [B, C, H, W]: denoiser, noise adapter, autoencoder of the teacher.

Huang et al.: Knowledge Diffusion for Distillation, NeurIPS 2023 (code hunto/image_classification_sota).
Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses.features._ddim import LEVELS

Kernel = tuple[int, int]
"""Height and width of what a position sees: (3, 3) for maps, (3, 1) for sequences, (1, 1) for vectors alone."""

ALONE: Kernel = (1, 1)


class Bottleneck(nn.Module):
    """x + a narrow convolution of x."""

    def __init__(self, channels: int, *, reduction: int, kernel: Kernel) -> None:
        super().__init__()
        narrow = max(1, channels // reduction)
        self.block = nn.Sequential(
            nn.Conv2d(channels, narrow, 1),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, kernel, padding=(kernel[0] // 2, kernel[1] // 2)),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, channels, 1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.block(x)
        return out


class Denoiser(nn.Module):
    """Predicts the noise in x at a level of noise."""

    def __init__(self, channels: int, *, kernel: Kernel) -> None:
        super().__init__()
        self.level = nn.Embedding(LEVELS, channels)
        self.body = nn.Sequential(
            *(
                (*_mlp(channels, 4), nn.BatchNorm2d(channels), *_mlp(channels, 4))
                if kernel == ALONE
                else (
                    Bottleneck(channels, reduction=4, kernel=kernel),
                    Bottleneck(channels, reduction=4, kernel=kernel),
                    nn.Conv2d(channels, channels, 1),
                    nn.BatchNorm2d(channels),
                )
            )
        )

    def forward(self, x: Tensor, levels: Tensor) -> Tensor:
        """[B, C, H, W] and [B] -> [B, C, H, W]."""
        out: Tensor = self.body(x + self.level(levels)[:, :, None, None])
        return out


class NoiseAdapter(nn.Module):
    """How much of the student's feature to keep: the rest is replaced by noise, as if a noisy teacher."""

    def __init__(self, channels: int, *, kernel: Kernel) -> None:
        super().__init__()
        self.body = (
            nn.Sequential(*_mlp(channels, 2), nn.BatchNorm2d(channels))
            if kernel == ALONE
            else nn.Sequential(Bottleneck(channels, reduction=8, kernel=kernel))
        )
        self.share = nn.Linear(channels, 2)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B] in (0, 1)."""
        shares: Tensor = self.share(self.body(x).mean((2, 3))).softmax(1)
        return shares[:, 0]


class FeatureAutoencoder(nn.Module):
    """Fewer channels for the teacher's feature; reconstruction keeps it from collapsing."""

    def __init__(self, channels: int, latent_channels: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(channels, latent_channels, 1), nn.BatchNorm2d(latent_channels))
        self.decoder = nn.Conv2d(latent_channels, channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, H, W] -> latent [B, C', H, W], reconstruction [B, C, H, W]."""
        latent = self.encoder(x)
        return latent, self.decoder(latent)


def _mlp(channels: int, expansion: int) -> tuple[nn.Module, ...]:
    wide = channels * expansion
    return nn.Conv2d(channels, wide, 1), nn.BatchNorm2d(wide), nn.ReLU(), nn.Conv2d(wide, channels, 1)
