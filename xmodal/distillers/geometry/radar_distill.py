"""A radar student's maps from above become those of a LiDAR teacher: where it responds, and what it sees at objects.

RadarDistill (CVPR 2024), code geonhobang/RadarDistill. Evidence: exact (losses); ours (no detection heads; the
alignment is a projector with one level and is dropped).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.bus import Frame
from xmodal.distillers.base import over_rows
from xmodal.distillers.geometry._alignment import CrossModalityAlignment
from xmodal.distillers.geometry._from_above import FromAbove, as_map, layer_widths, pointwise, same_grid, shape_of
from xmodal.losses import activation_map_loss, activation_mask_loss, gaussian_mask, proposal_map_loss
from xmodal.tasks import Task


class RadarDistill(FromAbove):
    """Terms "feature" and "mask" (activation-based, on low maps) and "proposal" (proposal-based, on high maps).

    - "feature" [B]: squared differences where both respond, and more gently where only the student does, mean over
      the low maps; "mask" [B]: the student responds where the teacher does. On every sample that has a teacher.
    - "proposal": softmaxes over channels at labelled objects and at the student's false claims, mean over two high
      maps, the last layer and the tokens. On labelled samples; the heat of the labels is `gaussian_mask` of the boxes.

    The source adds 2.5 (feature + mask) and 25 proposal; its feature weights belong to sums over maps of 256 x 180 x
    180. A teacher that answers 0 in empty cells, such as layer 0 of `BevPoints`, says most by where it responds.

    Args:
        task, teacher: as in `FromAbove`.
        low: (layer of the student, layer of the teacher), on one grid with even sides.
        active_weight, inactive_weight: of cells where both, and where only the student, responds.
        threshold: of both heat maps.
    """

    def __init__(
        self,
        task: str,
        *,
        teacher: str = "teacher",
        low: Sequence[tuple[int, int]] = ((1, 0), (1, 1)),
        active_weight: float = 3e-4,
        inactive_weight: float = 5e-5,
        threshold: float = 0.1,
    ) -> None:
        super().__init__(task, teacher=teacher)
        self.low = tuple((own, other) for own, other in low)
        self.active_weight, self.inactive_weight, self.threshold = active_weight, inactive_weight, threshold

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        own = layer_widths(models, "student", tuple(a for a, _ in self.low))
        other = layer_widths(models, self.teacher, tuple(b for _, b in self.low))
        self.align = nn.ModuleList(CrossModalityAlignment(a, b) for a, b in zip(own, other, strict=True))
        student, teacher = models["student"], models[self.teacher]
        self.last = pointwise(student.layer_widths[-1], teacher.layer_widths[-1])
        self.top = pointwise(student.token_width, teacher.token_width)

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        student, teacher = self.both(frame)
        taught = frame.taught[self.teacher]
        feature, mask = [], []
        for align, (own, other) in zip(self.align, self.low, strict=True):
            ours, theirs = same_grid(student.layers[own], teacher.layers[other])
            aligned = align(ours)
            feature.append(
                activation_map_loss(
                    aligned,
                    theirs,
                    active_weight=self.active_weight,
                    inactive_weight=self.inactive_weight,
                    reduction="none",
                    mask=taught,
                )
            )
            mask.append(activation_mask_loss(aligned, theirs, reduction="none", mask=taught))
        return {
            "feature": over_rows(sum(feature[1:], start=feature[0]) / len(feature), taught),
            "mask": over_rows(sum(mask[1:], start=mask[0]) / len(mask), taught),
            "proposal": self._proposal(frame),
        }

    def _proposal(self, frame: Frame) -> Tensor:
        student, teacher = self.both(frame)
        own, other = student.need_tokens("student"), teacher.need_tokens(self.teacher)
        claimed = self.objects(student, own).detach().sigmoid()
        total = claimed.new_zeros(())
        for project, ours, theirs in ((self.top, own, other), (self.last, student.layers[-1], teacher.layers[-1])):
            same_grid(ours, theirs)
            x = project(as_map(ours))
            boxes = self.boxes(frame, ours)
            heat = gaussian_mask(boxes.turned, boxes.sample, shape=shape_of(x))
            seen = nn.functional.adaptive_max_pool2d(claimed, x.shape[2:])
            found = proposal_map_loss(x, as_map(theirs), seen, heat, threshold=self.threshold, mask=self.counted(frame))
            total = total + found / 2
        return total
