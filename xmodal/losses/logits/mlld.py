"""The student matches the teacher's predictions, and how they relate samples and classes, at several temperatures.

Jin, Wang, Lin: Multi-Level Logit Distillation, CVPR 2023. Evidence: exact.

One call is one view; the source has a weak and a strong one, and weighs all terms 0.9, the labels' cross-entropy 0.1.
What its code optimises is form "released" on the weak view, plus KD at T = 4, 3, 5 on the strong view (all items)
and at T = 2, 6 on the weak view once more: the strong view's other levels are computed and dropped. Its masks of less
confident items and classes come after the mean, so that they select nothing and only scale, by about one half.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses._checks import check_at_least_zero, check_known, check_mask, check_positive, check_same_shape
from xmodal.losses._items import counted_rows
from xmodal.losses._precision import lift_pair, without_autocast
from xmodal.losses.logits.kd import kd_loss

Form = Literal["paper", "released"]


def mlld_loss(
    student: Tensor,
    teacher: Tensor,
    *,
    temperatures: tuple[float, ...] = (4.0, 3.0, 5.0, 2.0, 6.0),
    instance_weight: float = 1.0,
    batch_weight: float = 1.0,
    class_weight: float = 1.0,
    form: Form = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """Sum over T of instance + batch + class level; P = softmax(logits / T) is [M, C] for M items.

    Instance: T^2 KL(P_teacher || P_student), mean over items. Batch: |P P^T of the teacher - of the student|^2 / M.
    Class: the same of P^T P, divided by C. Zero when the logits differ by one constant per item. There is no value
    per item. Only the first level has the T^2: the others fade as T grows.

    Args:
        student: [B, C] or [B, N, C] logits; all tokens of the batch are items alike, memory grows as (B N)^2.
        teacher: same shape; gets no gradient.
        temperatures: all > 0.
        instance_weight: >= 0, of the first level.
        batch_weight: >= 0, of the second.
        class_weight: >= 0, of the third.
        form: "paper" for the sum above; "released" with instance and batch level scaled by the share of items whose
            largest teacher probability (T = 1) is at most the median, the class level by that of classes likewise.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, mask or numbers that do not fit, an unknown form.
    """
    check_same_shape(student, teacher, expected="[B, C] or [B, N, C]", dims=range(2, 4))
    check_mask(mask, student.shape[:-1])
    check_known("form", form, ("paper", "released"))
    _check_numbers(temperatures, instance_weight=instance_weight, batch_weight=batch_weight, class_weight=class_weight)
    student, teacher = lift_pair(counted_rows(student, mask), counted_rows(teacher, mask))  # [M, C]
    if not len(student):
        return student.sum()
    of_items, of_classes = _shares(teacher) if form == "released" else (1.0, 1.0)
    loss = student.new_zeros(())
    for temperature in temperatures:
        instance = kd_loss(student, teacher, temperature=temperature)
        batch, classes = _gram_levels(student / temperature, teacher / temperature)
        loss = loss + of_items * (instance_weight * instance + batch_weight * batch)
        loss = loss + of_classes * class_weight * classes
    return loss


def _check_numbers(temperatures: tuple[float, ...], **weights: float) -> None:
    for temperature in temperatures:
        check_positive("temperatures", temperature)
    for name, weight in weights.items():
        check_at_least_zero(name, weight)


def _shares(teacher: Tensor) -> tuple[Tensor, Tensor]:
    """The shares of items and of classes that are at most as probable as the median one."""
    p = F.softmax(teacher, dim=-1)  # [M, C]
    confidence, of_class = p.amax(-1), p.sum(0)
    items, classes = confidence <= confidence.median(), of_class <= of_class.median()
    return items.to(p.dtype).mean(), classes.to(p.dtype).mean()


def _gram_levels(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """[M, C] each -> the squared distances of the Gram matrices of items, divided by M, and of classes, by C."""
    p_student, p_teacher = F.softmax(student, dim=-1), F.softmax(teacher, dim=-1)
    with without_autocast(student):
        items = p_teacher @ p_teacher.T - p_student @ p_student.T  # [M, M]
        classes = p_teacher.T @ p_teacher - p_student.T @ p_student  # [C, C]
    return items.square().sum() / len(items), classes.square().sum() / len(classes)


class MLLDLoss(nn.Module):
    """`mlld_loss` with its hyperparameters stored."""

    def __init__(
        self,
        *,
        temperatures: tuple[float, ...] = (4.0, 3.0, 5.0, 2.0, 6.0),
        instance_weight: float = 1.0,
        batch_weight: float = 1.0,
        class_weight: float = 1.0,
        form: Form = "paper",
    ) -> None:
        super().__init__()
        self.temperatures = temperatures
        self.instance_weight = instance_weight
        self.batch_weight = batch_weight
        self.class_weight = class_weight
        self.form: Form = form

    def forward(self, student: Tensor, teacher: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return mlld_loss(
            student,
            teacher,
            temperatures=self.temperatures,
            instance_weight=self.instance_weight,
            batch_weight=self.batch_weight,
            class_weight=self.class_weight,
            form=self.form,
            mask=mask,
        )
