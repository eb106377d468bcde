"""The losses of CLIP-KD and CLIP-RD: zero for a perfect student, who learns from whom, and what each form means."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from xmodal.losses import (
    clip_affinity_loss,
    clip_cross_kd_loss,
    clip_feature_loss,
    clip_gradient_loss,
    contrastive_loss,
    cosine_loss,
    cross_relation_loss,
    interactive_contrastive_loss,
    vertical_relation_loss,
)

Loss = Callable[..., Tensor]
Four = tuple[Tensor, Tensor, Tensor, Tensor]

SCALES = {"student_scale": 5.0, "teacher_scale": 5.0}
TERMS: dict[str, Loss] = {
    "affinity": partial(clip_affinity_loss, **SCALES),
    "affinity-soft": partial(clip_affinity_loss, form="cross_entropy", **SCALES),
    "cross-kd": partial(clip_cross_kd_loss, teacher_scale=5.0, scale=5.0),
    "gradient": partial(clip_gradient_loss, **SCALES),
    "gradient-infonce": partial(clip_gradient_loss, form="infonce", **SCALES),
    "interactive": partial(interactive_contrastive_loss, scale=5.0),
    "vertical": vertical_relation_loss,
    "cross": cross_relation_loss,
}
every_term = pytest.mark.parametrize("loss", TERMS.values(), ids=TERMS.keys())


def those(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("loss", [TERMS[name] for name in names], ids=names)


def _pairs() -> Four:
    """Student and teacher image, student and teacher text, of one scene in each row."""
    scene = torch.randn(6, 5, dtype=torch.float64)
    return tuple(scene + 0.3 * torch.randn_like(scene) for _ in range(4))  # type: ignore[return-value]


def _call(loss: Loss, four: Four, **more: Tensor) -> Tensor:
    image, teacher_image, text, teacher_text = four
    return loss(image, teacher_image, student_text=text, teacher_text=teacher_text, **more)


@those("affinity", "cross-kd", "gradient", "gradient-infonce")
def test_the_teacher_s_own_embeddings_give_zero(loss: Loss) -> None:
    _, image, _, text = _pairs()
    assert _call(loss, (image, image, text, text)).abs() < 1e-12


def test_vertical_relations_are_zero_where_texts_are_related_as_images_are() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    assert _call(vertical_relation_loss, (student, teacher, student, teacher)).abs() < 1e-12


def test_cross_relations_are_zero_for_a_perfect_student_of_a_teacher_whose_texts_are_its_images() -> None:
    scene = torch.randn(6, 5, dtype=torch.float64)
    assert _call(cross_relation_loss, (scene, scene, scene, scene)).abs() < 1e-12


@every_term
def test_a_teacher_of_other_scenes_costs_more(loss: Loss) -> None:
    image, teacher_image, text, teacher_text = _pairs()
    near = image, image + 0.1 * teacher_image, text, text + 0.1 * teacher_text
    shuffled = near[0], near[1].roll(1, 0), near[2], near[3].roll(2, 0)
    assert _call(loss, shuffled) > 1.1 * _call(loss, near)


@every_term
def test_length_and_a_rotation_of_each_network_do_not_matter(loss: Loss) -> None:
    four = _pairs()
    rotation = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    turned = tuple(3 * x @ rotation for x in four)
    torch.testing.assert_close(_call(loss, turned), _call(loss, four))  # type: ignore[arg-type]


@every_term
def test_texts_and_images_of_the_student_learn_and_the_teacher_does_not(loss: Loss) -> None:
    image, teacher_image, text, teacher_text = four = tuple(x.requires_grad_() for x in _pairs())
    _call(loss, four).backward()  # type: ignore[arg-type]
    assert image.grad is not None
    assert image.grad.any()
    assert (text.grad is None) == (loss is vertical_relation_loss)
    assert teacher_image.grad is None
    assert teacher_text.grad is None


@those("affinity", "affinity-soft", "cross-kd", "gradient", "gradient-infonce", "interactive")
def test_gradients_by_the_texts_are_those_of_the_value(loss: Loss) -> None:
    image, teacher_image, text, teacher_text = _pairs()
    assert torch.autograd.gradcheck(
        lambda text: _call(loss, (image, teacher_image, text, teacher_text)), text.requires_grad_()
    )


@every_term
def test_masked_rows_are_no_negatives_in_half_precision_either(loss: Loss) -> None:
    four = tuple(x.bfloat16() for x in _pairs())
    mask = torch.tensor([True, False, True, True, True, False])
    broken = tuple(x.masked_fill(~mask.unsqueeze(1), torch.nan) for x in four)
    rest = tuple(x[mask].float() for x in four)
    torch.testing.assert_close(_call(loss, broken, mask=mask), _call(loss, rest))  # type: ignore[arg-type]


@every_term
@pytest.mark.parametrize("name", ["student", "teacher"])
def test_a_text_that_does_not_fit_its_image_is_named(loss: Loss, name: str) -> None:
    x = torch.zeros(6, 5)
    texts = {"student_text": x, "teacher_text": x, f"{name}_text": torch.zeros(6, 4)}
    with pytest.raises(ValueError, match=rf"^expected {name}_text \[6, 5\] like {name}, found \[6, 4\]$"):
        loss(x, x, **texts)


@pytest.mark.parametrize("loss", [clip_affinity_loss, clip_gradient_loss])
def test_an_unknown_form_is_refused(loss: Loss) -> None:
    with pytest.raises(ValueError, match=r"^unknown form 'paper'; known: \"\w+\", \"\w+\"$"):
        _call(partial(loss, form="paper", **SCALES), _pairs())


def test_soft_cross_entropy_has_the_gradient_of_the_kl() -> None:
    image, teacher_image, text, teacher_text = _pairs()
    image.requires_grad_()
    kl, soft = (
        _call(TERMS[name], (image, teacher_image, text, teacher_text)) for name in ("affinity", "affinity-soft")
    )
    assert soft > kl + 0.1
    torch.testing.assert_close(torch.autograd.grad(kl, image), torch.autograd.grad(soft, image))


def test_learned_scales_learn_and_those_of_targets_do_not() -> None:
    own, target = (torch.tensor(4.0, dtype=torch.float64, requires_grad=True) for _ in range(2))
    four = _pairs()
    _call(partial(clip_affinity_loss, student_scale=own, teacher_scale=target), four).backward()
    _call(partial(clip_gradient_loss, student_scale=own, teacher_scale=target), four).backward()
    _call(partial(clip_cross_kd_loss, scale=own, teacher_scale=target), four).backward()
    _call(partial(vertical_relation_loss, image_scale=own, text_scale=target), four).backward()
    assert own.grad is not None
    assert own.grad.any()
    assert target.grad is None


def test_interactive_contrast_of_equal_embeddings_is_log_of_the_batch() -> None:
    same = torch.ones(6, 5, dtype=torch.float64)
    assert _call(TERMS["interactive"], (same, same, same, same)).item() == pytest.approx(math.log(6))


def test_the_infonce_form_compares_the_gradients_that_the_contrastive_loss_has() -> None:
    unit = [torch.nn.functional.normalize(x) for x in _pairs()]
    found = clip_gradient_loss(
        unit[0],
        unit[1],
        student_text=unit[2],
        teacher_text=unit[3],
        student_scale=4.0,
        teacher_scale=7.0,
        form="infonce",
    )
    ours, theirs = (_gradients(unit[i], unit[i + 2], scale) for i, scale in ((0, 4.0), (1, 7.0)))
    expected = sum((a - b).square().mean() for a, b in zip(ours, theirs, strict=True))
    torch.testing.assert_close(found, expected)


def _gradients(image: Tensor, text: Tensor, scale: float) -> list[Tensor]:
    image, text = image.clone().requires_grad_(), text.clone().requires_grad_()
    own, logits = torch.arange(len(image)), scale * image @ text.T
    by_image = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, own), [image, text], retain_graph=True)
    by_text = torch.autograd.grad(torch.nn.functional.cross_entropy(logits.T, own), [text, image])
    return [*by_image, *by_text]


def test_the_released_gradient_form_takes_the_scale_for_a_temperature() -> None:
    four = _pairs()
    inverse = {"student_scale": 1 / 5, "teacher_scale": 1 / 8}
    released = _call(partial(clip_gradient_loss, student_scale=5.0, teacher_scale=8.0, form="released"), four)
    torch.testing.assert_close(released, _call(partial(clip_gradient_loss, form="infonce", **inverse), four))


def test_each_cross_relation_learns_with_the_other_held_fixed() -> None:
    # The gradient by the images is that of the two parts in which the texts are constant.
    image, teacher_image, text, teacher_text = _pairs()
    whole, half = image.clone().requires_grad_(), image.clone().requires_grad_()
    cross_relation_loss(whole, teacher_image, student_text=text, teacher_text=teacher_text, scale=3.0).backward()
    unit = torch.nn.functional.normalize
    texts, images = 3 * unit(text) @ unit(teacher_image).T, 3 * unit(half) @ unit(teacher_text).T
    for learning, fixed in ((images, texts), (images.T, texts.T)):
        kl = torch.nn.functional.kl_div(learning.log_softmax(1), fixed.softmax(1), reduction="batchmean")
        (kl / 4).backward(retain_graph=True)
    assert whole.grad is not None
    assert half.grad is not None
    torch.testing.assert_close(whole.grad, half.grad)


def test_a_feature_loss_is_the_cosine_loss_over_half_the_width() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    expected = cosine_loss(student, teacher) * 2 / 5
    torch.testing.assert_close(clip_feature_loss(student, teacher), expected)
    torch.testing.assert_close(clip_feature_loss(3 * student, teacher), expected)


def test_of_masked_features_only_the_hidden_tokens_count() -> None:
    student, teacher = torch.randn(2, 6, 4, 5, dtype=torch.float64)
    hidden = torch.rand(6, 4) < 0.5
    hidden[0, 0] = True
    expected = clip_feature_loss(student[hidden], teacher[hidden])
    torch.testing.assert_close(clip_feature_loss(student, teacher, mask=hidden), expected)


def test_a_learned_temperature_of_the_contrastive_loss_gets_a_gradient() -> None:
    student, teacher = torch.randn(2, 6, 5, dtype=torch.float64)
    temperature = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: contrastive_loss(student, teacher, temperature=t), temperature)
