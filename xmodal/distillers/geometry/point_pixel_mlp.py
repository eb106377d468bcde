"""ScaLR's comparison of points and pixels behind a perceptron of three layers instead of a linear head.

CleverDistiller (BMVC 2025): a re-implementation from the description; the hidden width and ReLU are ours.
Evidence: described; exact (the loss, of ScaLR).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.geometry._heads import perceptron
from xmodal.distillers.geometry.point_pixel import PointPixel
from xmodal.tasks import Task


class PointPixelMLP(PointPixel):
    """As `PointPixel`, with the head MLP(student width -> hidden -> hidden -> teacher width), dropped after training.

    Args:
        teacher: whose tokens.
        hidden: width between the layers.
    """

    projects = frozenset()

    def __init__(self, teacher: str = "teacher", *, hidden: int = 128) -> None:
        super().__init__(teacher)
        self.hidden = hidden
        self.head: nn.Module = nn.Identity()

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self.head = perceptron(models["student"].token_width, self.hidden, models[self.teacher].token_width)

    def projected(self, frame: Frame) -> Tensor:
        projected: Tensor = self.head(frame.student.need_tokens("student").x)
        return projected
