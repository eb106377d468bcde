"""PicoSAM2: no outside numbers; both forms, the two ends of the confidence, Dice of known masks."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses import mask_kd_loss


def _masks() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    student, teacher, labels = torch.randn(3, 4, 1, 5, 6, generator=generator, dtype=torch.float64)
    return student, teacher, labels > 0


CONFIDENCE = torch.tensor([0.9, 0.2, 0.5, 0.8], dtype=torch.float64)


def _as_released(student: Tensor, teacher: Tensor, labels: Tensor, confidence: Tensor) -> Tensor:
    """What the released training loop computes, term by term: two scalars first, then the confidences."""
    p, target, labels = student.sigmoid(), teacher.sigmoid(), labels.to(student.dtype)
    pixels = tuple(range(1, student.ndim))

    def overlap(g: Tensor) -> Tensor:
        return ((2 * (p * g).sum(pixels) + 1e-6) / (p.sum(pixels) + g.sum(pixels) + 1e-6)).mean()

    from_teacher = F.mse_loss(p, target) + 1 - overlap(target)
    from_labels = F.binary_cross_entropy(p, labels) + 1 - overlap(labels)
    return (confidence * from_teacher + (1 - confidence) * from_labels).mean()


def test_the_released_form_weighs_batch_means() -> None:
    student, teacher, labels = _masks()
    expected = _as_released(student, teacher, labels, CONFIDENCE)
    released = mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE, form="released")
    torch.testing.assert_close(released, expected)
    reordered = mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE.flip(0), form="released")
    torch.testing.assert_close(reordered, expected)


def test_the_per_sample_form_is_the_released_one_of_each_sample_alone() -> None:
    student, teacher, labels = _masks()
    items = mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE, reduction="none")
    for i in range(4):
        alone = _as_released(*(x[i : i + 1] for x in (student, teacher, labels, CONFIDENCE)))
        torch.testing.assert_close(items[i], alone)
    released = mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE, form="released")
    assert (items.mean() - released).abs() > 1e-3


def test_the_forms_agree_for_equal_confidences() -> None:
    student, teacher, labels = _masks()
    same = torch.full((4,), 0.7, dtype=torch.float64)
    released = mask_kd_loss(student, teacher, labels, confidence=same, form="released")
    torch.testing.assert_close(mask_kd_loss(student, teacher, labels, confidence=same), released)


def test_confidence_one_ignores_the_labels_and_zero_the_teacher() -> None:
    student, teacher, labels = _masks()
    sure, lost = torch.ones(4), torch.zeros(4)
    a, b = (mask_kd_loss(student, teacher, x, confidence=sure) for x in (labels, ~labels))
    assert a == b
    a, b = (mask_kd_loss(student, x, labels, confidence=lost) for x in (teacher, -teacher))
    assert a == b


def test_agreeing_hard_masks_cost_nothing_and_opposite_ones_most() -> None:
    labels = torch.eye(4).expand(2, 4, 4).bool()
    hard = 60.0 * (2 * labels.double() - 1)
    half = torch.full((2,), 0.5)
    assert mask_kd_loss(hard, hard, labels, confidence=half) < 1e-12
    opposite = mask_kd_loss(-hard, hard, labels, confidence=half)
    assert opposite.item() == pytest.approx(0.5 * (1 + 1) + 0.5 * (60 + 1), rel=1e-6)


def test_equal_soft_masks_are_not_at_zero() -> None:
    student, _, labels = _masks()
    assert mask_kd_loss(student, student, labels, confidence=torch.ones(4)) > 0.1


def test_bool_and_float_labels_are_the_same_and_pixels_have_no_order() -> None:
    student, teacher, labels = _masks()
    expected = mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE)
    assert mask_kd_loss(student, teacher, labels.float(), confidence=CONFIDENCE) == expected
    turned = (x.transpose(-1, -2).flip(-1) for x in (student, teacher, labels))
    torch.testing.assert_close(mask_kd_loss(*turned, confidence=CONFIDENCE), expected)


@pytest.mark.parametrize("form", ["per_sample", "released"])
def test_masked_labels_and_confidences_may_be_nan(form: str) -> None:
    student, teacher, labels = _masks()
    mask = torch.tensor([True, False, True, True])
    kept = {"confidence": CONFIDENCE[mask], "form": form}
    expected = mask_kd_loss(student[mask], teacher[mask], labels[mask], **kept)
    broken, unknown = labels.double(), CONFIDENCE.clone()
    broken[1], unknown[1] = torch.nan, torch.nan
    found = mask_kd_loss(student, teacher, broken, confidence=unknown, form=form, mask=mask)  # type: ignore[arg-type]
    torch.testing.assert_close(found, expected)


def test_wrong_labels_confidences_and_forms_are_named() -> None:
    student, teacher, labels = _masks()
    with pytest.raises(ValueError, match=r"^expected labels \[4, 1, 5, 6\], found \[4, 5, 6\]$"):
        mask_kd_loss(student, teacher, labels[:, 0], confidence=CONFIDENCE)
    with pytest.raises(ValueError, match=r"^expected confidence \[4\], found \[4, 1\]$"):
        mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE[:, None])
    with pytest.raises(ValueError, match=r'^unknown form \'paper\'; known: "per_sample", "released"$'):
        mask_kd_loss(student, teacher, labels, confidence=CONFIDENCE, form="paper")  # type: ignore[arg-type]
