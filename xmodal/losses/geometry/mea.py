"""The student's map carries what one stream of a teacher attends to: its objects, its attention, its global context.

Modal extraction alignment of AMFD (IEEE TMM 2025, arXiv 2405.12944): focal and global distillation (FGD, arXiv
2111.11837) without its background term. AMFD uses one such loss for each stream (RGB, thermal) and level of the
teacher, all against the same map of the student. Evidence: exact (repository).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from torch import Tensor, nn

from xmodal.losses._checks import check_known, check_positive
from xmodal.losses._items import blank
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses.geometry._context import ContextBlock
from xmodal.losses.geometry._maps import check_foreground, check_grids, count_samples, weights

Form = Literal["paper", "released"]
KAIST = {"temperature": 1.0, "foreground_weight": 5e-5, "attention_weight": 5e-5, "relation_weight": 5e-7}
"""The hyperparameters of the source's configuration for the KAIST data; those of its class are our defaults."""
GUARD = 1e-10
"""Added to each of the weights by the source, which multiplies by their square roots."""


class MEATerms(NamedTuple):
    """The three scalars, not yet weighted."""

    foreground: Tensor
    attention: Tensor
    relation: Tensor


class MEALoss(nn.Module):
    """foreground_weight L_fg + attention_weight L_att + relation_weight L_rel, sums over the map, means over samples.

    L_fg: squared differences, times the foreground, times the teacher's attention to cells (H W softmax of
    mean_c |F| / T over cells) and to channels (C softmax of mean_hw |F| / T). L_att: L1 distance of both attentions.
    L_rel: squared differences after a context block on each side; its parameters are trained with the student, also
    those on the teacher's side. A block adds one vector to all cells of a map, so the two cannot make maps of
    different content equal. Zero for equal maps as long as the two blocks are equal, as in form "paper" before
    training.

    Defaults are those of the source's class; its configurations have weights 10 to 20 times smaller (`KAIST`). Sums
    grow with the map, so weights do not carry over to other sizes.

    Args:
        student_channels, teacher_channels: channels; where they differ, a 1x1 convolution of the student comes first.
        temperature: T > 0 of both attentions.
        foreground_weight, attention_weight, relation_weight: of the three terms.
        form: how blocks start: "paper" adds 0 to every map, as in FGD; "released" leaves the biases of the source's
            default initialisation, so that L_rel starts elsewhere than at the plain squared difference.
    """

    def __init__(
        self,
        student_channels: int,
        teacher_channels: int,
        *,
        temperature: float = 0.5,
        foreground_weight: float = 1e-3,
        attention_weight: float = 1e-3,
        relation_weight: float = 5e-6,
        form: Form = "paper",
    ) -> None:
        super().__init__()
        check_positive("temperature", temperature)
        check_known("form", form, ("paper", "released"))
        self.temperature = temperature
        self.foreground_weight, self.attention_weight = foreground_weight, attention_weight
        self.relation_weight = relation_weight
        same = student_channels == teacher_channels
        self.align = None if same else nn.Conv2d(student_channels, teacher_channels, 1)
        self.student_context = ContextBlock(teacher_channels, zero_biases=form == "paper")
        self.teacher_context = ContextBlock(teacher_channels, zero_biases=form == "paper")

    def forward(self, student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """The weighted sum of `terms`, a scalar."""
        terms = self.terms(student, teacher, foreground, mask=mask)
        return (
            self.foreground_weight * terms.foreground
            + self.attention_weight * terms.attention
            + self.relation_weight * terms.relation
        )

    def terms(self, student: Tensor, teacher: Tensor, foreground: Tensor, *, mask: Tensor | None = None) -> MEATerms:
        """The three terms, each a scalar; float32, or float64 for float64 maps.

        Args:
            student: [B, student_channels, H, W].
            teacher: [B, teacher_channels, H, W]; gets no gradient.
            foreground: [B, H, W], weights >= 0; the source's are `box_mask` with weight "inverse_area" and cells
                "released".
            mask: [B] bool, True for what counts; masking equals removing the samples.

        Raises:
            ValueError: shapes or mask that do not fit.
        """
        check_grids(student, teacher, mask)
        check_foreground(foreground, student)
        with without_autocast(student):
            student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
            if self.align is not None:
                student, teacher = lift_pair(self.align(student.to(self.align.weight.dtype)), teacher)
            cells, channels = _attention(student, self.temperature)
            teacher_cells, teacher_channels = _attention(teacher, self.temperature)
            weight = weights(foreground, student, mask)
            items = MEATerms(
                _foreground(student, teacher, weight, teacher_cells, teacher_channels),
                (cells - teacher_cells).abs().sum((1, 2)) + (channels - teacher_channels).abs().sum(1),
                (self.student_context(student) - self.teacher_context(teacher)).square().sum((1, 2, 3)),
            )
        return MEATerms(*(blank(item, mask).sum() / count_samples(student, mask) for item in items))


def _attention(x: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """[B, C, H, W] -> to cells [B, H, W] and to channels [B, C], each with mean 1."""
    size = x.abs()
    over_cells = size.mean(1).flatten(1) / temperature
    over_channels = size.mean((2, 3)) / temperature
    cells = over_cells.shape[1] * over_cells.softmax(1)
    return cells.view(len(x), *x.shape[2:]), x.shape[1] * over_channels.softmax(1)


def _foreground(student: Tensor, teacher: Tensor, weight: Tensor, cells: Tensor, channels: Tensor) -> Tensor:
    """[B]."""
    per_cell = ((weight + GUARD) * (cells + GUARD)).unsqueeze(1)  # [B, 1, H, W]
    per_channel = (channels + GUARD)[:, :, None, None]
    return ((student - teacher).square() * per_cell * per_channel).sum((1, 2, 3))
