"""KL taken apart into differences of all pairs of logits, weighed by class, and a soft cross-entropy (GKL).

Cui et al.: Generalized Kullback-Leibler Divergence Loss, TPAMI 2026, arXiv 2503.08038; it improves on IKL,
arXiv 2305.13948. Evidence: exact (loss, configurations); recalled (that KL has these two parts' gradients).

The source multiplies by min(epoch / 20, 1), on ImageNet 5 epochs, and adds the labels' cross-entropy; beta and gamma
depend on the networks (0.5 and 0.6 for ResNet34 to ResNet18 on ImageNet, both temperatures 1). Its adversarial training
takes alpha = 4, beta = 20, T = 1 and lets the pairs train the clean side too.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_at_least_zero, check_positive
from xmodal.losses._items import reduce_items
from xmodal.losses.logits._class_weights import TeacherGradient, pair_differences, prepared, soft_cross_entropy


def gkl_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 16.0,
    gamma: float = 0.05,
    temperature: float = 4.0,
    weight_temperature: float = 4.0,
    teacher_gradient: TeacherGradient = "none",
    prior: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """beta sum_b,jk W_bjk (Dt_bjk - Ds_bjk)^2 / (4 sum_b,jk W_bjk) + alpha mean_b CE(teacher / T, student / T).

    D_jk = z_j - z_k of the logits as they are; W_jk = (u_j u_k)^gamma without gradient, u the row of `prior` of the
    sample's label (see `ClassPrior`), or softmax(teacher / weight_temperature) without a prior. The cross-entropy
    has no T^2. The first part is zero when the logits differ by one constant per item, the second never. There is
    no value per item: the weights are normalised over the batch; `ikl_loss` divides by B, so its beta is another.

    Args:
        student: [B, C] or [B, N, C] logits.
        teacher: same shape.
        labels: [B] or [B, N] class numbers, anything where masked; not used without a prior.
        alpha: >= 0, weight of the cross-entropy.
        beta: >= 0, weight of the pairs.
        gamma: >= 0, exponent of the weights, 0 for equal ones.
        temperature: T > 0.
        weight_temperature: > 0, softens the teacher in the weights; used without a prior only.
        teacher_gradient: "none", or "pairs" where the pairs train both sides.
        prior: [C, C], a distribution over classes for each label.
        mask: [B] or [B, N] bool, True for what counts; masking equals removing.

    Returns:
        A scalar; float32, or float64 for float64 inputs.

    Raises:
        ValueError: shapes, labels, prior, mask or numbers that do not fit, an unknown option.
    """
    check_positive("temperature", temperature)
    for name, value in (("alpha", alpha), ("beta", beta), ("gamma", gamma)):
        check_at_least_zero(name, value)
    student, teacher, difference, weights = prepared(
        student, teacher, labels, prior, mask, weight_temperature, teacher_gradient
    )
    pairs, total = (reduce_items(x, mask, "mean") for x in pair_differences(difference, weights**gamma))
    soft = reduce_items(soft_cross_entropy(student, teacher, temperature=temperature), mask, "mean")
    return beta * pairs / total.where(total > 0, 1) + alpha * soft


class GKLLoss(nn.Module):
    """`gkl_loss` with its hyperparameters stored; the prior comes with each call, as `ClassPrior().prior`."""

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        beta: float = 16.0,
        gamma: float = 0.05,
        temperature: float = 4.0,
        weight_temperature: float = 4.0,
        teacher_gradient: TeacherGradient = "none",
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.temperature = temperature
        self.weight_temperature = weight_temperature
        self.teacher_gradient: TeacherGradient = teacher_gradient

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        labels: Tensor | None = None,
        *,
        prior: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        return gkl_loss(
            student,
            teacher,
            labels,
            alpha=self.alpha,
            beta=self.beta,
            gamma=self.gamma,
            temperature=self.temperature,
            weight_temperature=self.weight_temperature,
            teacher_gradient=self.teacher_gradient,
            prior=prior,
            mask=mask,
        )
