"""What every loss between class distributions says of labels; the table of losses is in `cases_classes.py`."""

import pytest
import torch

from losses.case import Case
from losses.logits.cases_classes import CASES

READING = {name: c for name, c in CASES.items() if c.classes and "sample-weights" not in name}
with_labels = pytest.mark.parametrize("case", READING.values(), ids=READING.keys())


def _call(case: Case, labels: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    student, teacher = case.inputs()
    more = {**case.others(student, None), **case.options}
    return case.loss(*case.sides(student, teacher), labels, **more, mask=mask)


@with_labels
def test_labels_that_are_masked_may_be_anything(case: Case) -> None:
    (labels,) = case.labels(None)
    mask = torch.arange(labels.numel()).reshape(labels.shape) % 3 != 1
    strange = torch.where(mask, labels, 255)
    assert torch.equal(_call(case, strange, mask), _call(case, labels, mask))


@with_labels
def test_any_integer_type_of_label_will_do(case: Case) -> None:
    (labels,) = case.labels(None)
    for dtype in (torch.uint8, torch.int32):
        assert torch.equal(_call(case, labels.to(dtype)), _call(case, labels))


@with_labels
def test_labels_that_do_not_fit_are_named(case: Case) -> None:
    (labels,) = case.labels(None)
    with pytest.raises(ValueError, match=r"^expected integer labels \[6.*\], found torch.int64 \[5"):
        _call(case, labels[1:])
    with pytest.raises(ValueError, match=r"^expected integer labels \[6.*\], found torch.float32 \[6"):
        _call(case, labels.float())


@with_labels
def test_labels_out_of_range_are_named(case: Case) -> None:
    (labels,) = case.labels(None)
    with pytest.raises(ValueError, match=rf"^expected labels in \[0, {case.classes}\) .*, found 0 to 255$"):
        _call(case, torch.where(labels == 1, 255, labels))
    with pytest.raises(ValueError, match=r"^expected labels in .* found -1 to"):
        _call(case, labels - 1)
