"""Each student embedding finds its own teacher embedding among those of the batch, and the other way round.

InfoNCE of van den Oord et al.: Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, in the
symmetric form of CLIP, arXiv 2103.00020. Evidence: ancestor.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_same_shape
from xmodal.losses._items import Reduction
from xmodal.losses._precision import lift_pair
from xmodal.losses._vectors import unit
from xmodal.losses.relational._blocks import rows_per_block
from xmodal.losses.relational._logits import Scale, both_ways, check_scale, matching
from xmodal.losses.relational._rows import kept, reduce_kept


def contrastive_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: Scale = 0.07,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
    chunk: int | None = None,
) -> Tensor:
    """Half the cross-entropy of row i of cos(student, teacher) / temperature for class i, half that of column i.

    Row i of both embeds the same scene; the other rows are negatives. Near zero when each pair is far closer than
    all others, log B when nothing can be told apart. The teacher learns nothing here; where two models should both
    learn, add the loss with the arguments exchanged.

    Args:
        student: [B, D] embeddings; made unit vectors here.
        teacher: same shape; gets no gradient.
        temperature: > 0; the smaller, the more the closest negatives count. It gets a gradient if it is a tensor, and
            is not checked then.
        reduction: "mean" over samples that count; "none" for [B], zero where masked.
        mask: [B] bool, True for what counts; masking equals removing, so masked rows are no negatives either.
        chunk: rows of the matrix in memory at a time; None for as many as fit into 32 MiB. Changes no value.

    Returns:
        A scalar or [B]; float32, or float64 for float64 inputs. Memory grows as B * chunk.

    Raises:
        ValueError: shapes or mask that do not fit, a temperature or chunk <= 0, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, D]", dims=range(2, 3))
    check_mask(mask, student.shape[:1])
    check_scale("temperature", temperature)
    student, teacher = (unit(x) for x in lift_pair(kept(student, mask), kept(teacher, mask)))
    size = rows_per_block(chunk, len(student), student)
    items = both_ways(matching, (student, teacher, 1 / temperature), size=size)
    return reduce_kept(items, mask, reduction)


class ContrastiveLoss(nn.Module):
    """`contrastive_loss` with its hyperparameters stored."""

    def __init__(self, *, temperature: Scale = 0.07, reduction: Reduction = "mean", chunk: int | None = None) -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction: Reduction = reduction
        self.chunk = chunk

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return contrastive_loss(
            student, teacher, temperature=self.temperature, reduction=self.reduction, mask=mask, chunk=self.chunk
        )
