"""The student's maps, each fused with what the deeper ones found, in the shapes of the teacher's maps.

Attention-based fusion of Chen et al.: Distilling Knowledge via Knowledge Review, CVPR 2021, arXiv 2104.09044; as in
megvii-research/mdistiller. Evidence: exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDEST = 512


class ReviewFusion(nn.Module):
    """From deep to shallow, mixes each map of the student with what came from below; for `hcl_loss` stage by stage.

    A stage brings its map to `width` channels (1x1 convolution), enlarges what the deeper stage hands over to the
    map's size (nearest), and adds the two with one weight each per place, the sigmoids of a 1x1 convolution of both.
    The sum goes on to the next stage, and through a 3x3 convolution to the output. The deepest stage has nothing to
    mix. Not needed once training is over.

    Args:
        student_channels: of the student's maps, from shallow to deep.
        teacher_channels: of the teacher's maps that they are compared with, as many.
        width: channels inside; None for those of the student's deepest map, at most 512.

    Raises:
        ValueError: no stage, or not as many of student and teacher.
    """

    def __init__(
        self, student_channels: Sequence[int], teacher_channels: Sequence[int], *, width: int | None = None
    ) -> None:
        super().__init__()
        if not student_channels or len(student_channels) != len(teacher_channels):
            raise ValueError(
                "expected as many student_channels as teacher_channels, one or more, "
                f"found {len(student_channels)} and {len(teacher_channels)}"
            )
        width = min(WIDEST, student_channels[-1]) if width is None else width
        self.enter = nn.ModuleList(_convolution(channels, width, 1) for channels in student_channels)
        self.leave = nn.ModuleList(_convolution(width, channels, 3) for channels in teacher_channels)
        self.attend = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * width, 2, 1), nn.Sigmoid()) for _ in student_channels[:-1]
        )

    def forward(self, student: Sequence[Tensor], *, sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """The fused maps, shallow to deep.

        Args:
            student: maps [B, Cs, H, W], shallow to deep; a pooled vector is a map of 1x1.
            sizes: (H, W) of the teacher's maps.

        Returns:
            Maps [B, Ct, H, W] of those sizes.

        Raises:
            ValueError: not as many maps or sizes as stages.
        """
        if not len(student) == len(sizes) == len(self.enter):
            raise ValueError(
                f"expected {len(self.enter)} student maps and sizes, found {len(student)} and {len(sizes)}"
            )
        fused: list[Tensor] = []
        deeper: Tensor | None = None
        for i in reversed(range(len(student))):
            x = self.enter[i](student[i])
            if deeper is not None:
                deeper = F.interpolate(deeper, x.shape[2:], mode="nearest")
                weights = self.attend[i](torch.cat([x, deeper], dim=1))  # [B, 2, H, W]
                x = x * weights[:, :1] + deeper * weights[:, 1:]
            deeper = F.interpolate(x, sizes[i], mode="nearest")
            fused.insert(0, self.leave[i](deeper))
        return fused


def _convolution(channels: int, out: int, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_uniform_(convolution.weight, a=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(out))
