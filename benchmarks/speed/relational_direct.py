"""The relational losses as their formulas read: whole matrices, kept by autograd. What ours are measured against."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def rkd_distance(student: Tensor, teacher: Tensor) -> Tensor:
    def scaled(x: Tensor) -> Tensor:
        squares = x.square().sum(1)
        distance = (squares.unsqueeze(0) + squares.unsqueeze(1) - 2 * x @ x.T).clamp_min(1e-12).sqrt()
        distance = distance * (1 - torch.eye(len(x), dtype=x.dtype))
        return distance / distance[distance > 0].mean()

    return F.smooth_l1_loss(scaled(student), scaled(teacher))


def rkd_angle(student: Tensor, teacher: Tensor, anchors: int | None = None) -> Tensor:
    """With as many first rows as corners, instead of drawn ones."""

    def cosines(x: Tensor) -> Tensor:
        direction = F.normalize(x.unsqueeze(0) - x[:anchors].unsqueeze(1), dim=2)
        return direction @ direction.transpose(1, 2)

    return F.smooth_l1_loss(cosines(student), cosines(teacher))


def similarity_preserving(student: Tensor, teacher: Tensor) -> Tensor:
    return F.mse_loss(F.normalize(student @ student.T), F.normalize(teacher @ teacher.T))


def clip_rd(four: list[Tensor], scales: list[Tensor]) -> Tensor:
    """The sum of its terms with the published weights.

    Args:
        four: image and text of the student, image and text of the teacher.
        scales: of student, teacher, images, texts, and across.
    """
    image_s, text_s, image_t, text_t = (F.normalize(x) for x in four)
    own, target = scales[0] * image_s @ text_s.T, scales[1] * image_t @ text_t.T
    images, texts = scales[2] * image_s @ image_t.T, scales[3] * text_s @ text_t.T
    to_text, to_image = scales[4] * image_s @ text_t.T, scales[4] * text_s @ image_t.T
    task, hrd, vrd = _both(_match, own), _both(_kl, own, target), _both(_kl, images, texts)
    vrd = vrd + _both(_match, images) + _both(_match, texts)
    icl = (_match(to_text) + _match(to_image)) / 2
    fd = F.mse_loss(image_s, image_t) + F.mse_loss(text_s, text_t)
    xrd = (_both(_kl, to_text, to_image) + _both(_kl, to_image, to_text)) / 2
    return task + hrd + icl + 2000 * fd + vrd + xrd


def _both(loss: Callable[..., Tensor], *logits: Tensor) -> Tensor:
    return (loss(*logits) + loss(*(x.T for x in logits))) / 2


def _match(logits: Tensor) -> Tensor:
    return F.cross_entropy(logits, torch.arange(len(logits)))


def _kl(student: Tensor, target: Tensor) -> Tensor:
    return F.kl_div(student.log_softmax(1), target.detach().softmax(1), reduction="batchmean")
