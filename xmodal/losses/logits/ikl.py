"""KL taken apart into differences of all pairs of logits, weighed by class, and a soft cross-entropy (IKL).

Cui et al.: Decoupled Kullback-Leibler Divergence Loss, NeurIPS 2024, arXiv 2305.13948. Evidence: exact (loss,
configurations); recalled (that KL has these two parts' gradients).

The source multiplies by min(epoch / 20, 1) and adds the labels' cross-entropy. Its adversarial training takes
alpha = 4, beta = 20, T = 1 and lets the pairs train the clean side too.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_at_least_zero, check_positive
from xmodal.losses._items import Reduction, reduce_items
from xmodal.losses.logits._class_weights import TeacherGradient, pair_differences, prepared, soft_cross_entropy


def ikl_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 8.0,
    temperature: float = 4.0,
    weight_temperature: float = 100.0,
    teacher_gradient: TeacherGradient = "none",
    reduction: Reduction = "mean",
    prior: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """mean over items of beta sum_jk W_jk (Dt_jk - Ds_jk)^2 / 4 + alpha CE(teacher / T, student / T).

    D_jk = z_j - z_k of the logits as they are; W_jk = u_j u_k without gradient, u the row of `prior` of the item's
    label (see `ClassPrior`), or softmax(teacher / weight_temperature) without a prior: nearly uniform at the
    source's 100. The cross-entropy has no T^2. The first part is zero when the logits differ by one constant per
    item, the second never.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape.
        labels: [B] or [B, N] class numbers, anything where masked; not used without a prior.
        alpha: >= 0, weight of the cross-entropy.
        beta: >= 0, weight of the pairs.
        temperature: T > 0.
        weight_temperature: > 0, softens the teacher in the weights; used without a prior only.
        teacher_gradient: "none", or "pairs" where the pairs train both sides.
        reduction: "mean" over all items that count; "none" for [B] or [B, N], zero where masked.
        prior: [C, C], a distribution over classes for each label; the source has one on ImageNet only.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, or [B] or [B, N]; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, labels, prior, mask or numbers that do not fit, an unknown option or reduction.
    """
    for name, weight in (("alpha", alpha), ("beta", beta)):
        check_at_least_zero(name, weight)
    check_positive("temperature", temperature)
    student, teacher, difference, weights = prepared(
        student, teacher, labels, prior, mask, weight_temperature, teacher_gradient
    )
    pairs, _ = pair_differences(difference, weights)  # [B] or [B, N]
    soft = soft_cross_entropy(student, teacher, temperature=temperature)
    return reduce_items(beta * pairs + alpha * soft, mask, reduction)


class IKLLoss(nn.Module):
    """`ikl_loss` with its hyperparameters stored; the prior comes with each call, as `ClassPrior().prior`."""

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        beta: float = 8.0,
        temperature: float = 4.0,
        weight_temperature: float = 100.0,
        teacher_gradient: TeacherGradient = "none",
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.temperature = temperature
        self.weight_temperature = weight_temperature
        self.teacher_gradient: TeacherGradient = teacher_gradient
        self.reduction: Reduction = reduction

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        labels: Tensor | None = None,
        *,
        prior: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        return ikl_loss(
            student,
            teacher,
            labels,
            alpha=self.alpha,
            beta=self.beta,
            temperature=self.temperature,
            weight_temperature=self.weight_temperature,
            teacher_gradient=self.teacher_gradient,
            reduction=self.reduction,
            prior=prior,
            mask=mask,
        )
