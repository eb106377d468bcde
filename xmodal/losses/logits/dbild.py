"""Differences of top logits as in BiLD, with as many logits as each item's curve is steep, in reverse KL.

Switch-KD, arXiv 2604.14629: a re-implementation from the description (the authors' figure and README); the loss is
that of BiLD, arXiv 2406.13555, the equation of the knee is ours. Evidence: described; ancestor (BiLD).
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask, check_positive, check_range, check_same_shape
from xmodal.losses._items import Reduction, blank, reduce_items
from xmodal.losses._precision import lift_pair
from xmodal.losses.logits._pairs import pair_divergence
from xmodal.losses.logits.knee import knee


def dbild_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperature: float = 2.0,
    curve: int = 256,
    least: int = 4,
    most: int = 128,
    reduction: Reduction = "mean",
    mask: Tensor | None = None,
) -> Tensor:
    """KL(softmax(d_student) || softmax(d_teacher)) on the teacher's top k_t classes plus that on the student's top k_s.

    d = [z_i - z_j] / T over the pairs i < j in the leader's falling order. k_t and k_s are, item by item, the knee of
    the leader's sorted logits, kept between `least` and `most`; no gradient. No T^2. All defaults are a third party's.

    Zero when the logits differ by one constant per item on both leaders' top classes. An item and leader has up to
    most (most - 1) / 2 pairs, 8128 by default, but holds only some tensors of `most` numbers in memory.

    Args:
        student: [B, C] or [B, N, C] logits, C > 1.
        teacher: same shape; gets no gradient.
        temperature: T > 0; it does not move the knees.
        curve: how many of the largest logits the knee is looked for in; all where C is smaller.
        least: the smallest k, >= 2; what a flat curve gets. C where C is smaller.
        most: the largest k, from `least` to `curve`.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes or mask that do not fit, one class, T <= 0, limits out of order, an unknown reduction.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_range("C", student.shape[-1], 2, float("inf"))
    check_positive("temperature", temperature)
    check_range("least", least, 2, most)
    check_range("most", most, least, curve)
    student, teacher = lift_pair(blank(student, mask), blank(teacher, mask))
    items = student.new_zeros(())
    for leader in (teacher, student):
        led, count = _led(leader, curve, least, most)
        items = items + pair_divergence(
            student.gather(-1, led) / temperature, teacher.gather(-1, led) / temperature, count
        )
    return reduce_items(items, mask, reduction)


def _led(leader: Tensor, curve: int, least: int, most: int) -> tuple[Tensor, Tensor]:
    """The leader's top classes [..., K] in falling order, and how many of them count [...]."""
    classes = leader.shape[-1]
    falling = leader.detach().topk(min(curve, classes), dim=-1)
    count = knee(falling.values).clamp(min(least, classes), min(most, classes))
    return falling.indices[..., :most], count


class DBiLDLoss(nn.Module):
    """`dbild_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        temperature: float = 2.0,
        curve: int = 256,
        least: int = 4,
        most: int = 128,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.temperature, self.curve, self.least, self.most = temperature, curve, least, most
        self.reduction: Reduction = reduction

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return dbild_loss(
            student,
            teacher,
            temperature=self.temperature,
            curve=self.curve,
            least=self.least,
            most=self.most,
            reduction=self.reduction,
            mask=mask,
        )
