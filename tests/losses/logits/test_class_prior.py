"""The memory of class-wise weights: it lags one epoch, and survives a stop."""

import pytest
import torch

from xmodal.losses import ClassPrior, gkl_loss


def _epoch() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(12, 4), torch.arange(12) % 3  # class 3 does not occur


def test_it_is_uniform_at_first_and_lags_one_epoch() -> None:
    memory = ClassPrior(4)
    teacher, labels = _epoch()
    memory.update(teacher, labels)
    assert torch.equal(memory.prior, torch.full((4, 4), 0.25))
    memory.roll()
    assert not torch.equal(memory.prior, torch.full((4, 4), 0.25))
    before = memory.prior.clone()
    memory.update(*_epoch())
    assert torch.equal(memory.prior, before)


def test_a_row_is_the_mean_prediction_over_all_samples_of_the_label() -> None:
    memory = ClassPrior(4, temperature=2.0)
    teacher, labels = _epoch()
    for part in (slice(0, 5), slice(5, 12)):
        memory.update(teacher[part], labels[part])
    memory.roll()
    p = (teacher / 2.0).softmax(-1)
    for label in range(3):
        torch.testing.assert_close(memory.prior[label], p[labels == label].mean(0))


def test_the_next_epoch_starts_anew() -> None:
    memory, alone = ClassPrior(4), ClassPrior(4)
    memory.update(*_epoch())
    memory.roll()
    teacher, labels = _epoch()
    for one in (memory, alone):
        one.update(teacher, labels)
        one.roll()
    torch.testing.assert_close(memory.prior, alone.prior)


def test_a_label_that_was_not_seen_keeps_its_row() -> None:
    memory = ClassPrior(4)
    memory.update(*_epoch())
    memory.roll()
    assert torch.equal(memory.prior[3], torch.full((4,), 0.25))
    torch.testing.assert_close(memory.prior.sum(-1), torch.ones(4))
    before = memory.prior.clone()
    memory.roll()
    assert torch.equal(memory.prior, before)


def test_it_is_saved_and_resumed_in_the_middle_of_an_epoch() -> None:
    memory = ClassPrior(4)
    memory.update(*_epoch())
    memory.roll()
    memory.update(*_epoch())
    resumed = ClassPrior(4)
    resumed.load_state_dict(memory.state_dict())
    teacher, labels = _epoch()
    for one in (memory, resumed):
        assert not list(one.parameters())
        one.update(teacher, labels)
        one.roll()
    assert torch.equal(memory.prior, resumed.prior)


def test_tokens_and_masks() -> None:
    memory, expected = ClassPrior(4), ClassPrior(4)
    teacher, labels = _epoch()
    mask = torch.arange(12) % 5 != 1
    expected.update(teacher[mask], labels[mask])
    strange = torch.where(mask, labels, 255).reshape(4, 3)
    teacher[~mask] = torch.nan
    memory.update(teacher.reshape(4, 3, 4), strange, mask=mask.reshape(4, 3))
    assert torch.equal(memory.running, expected.running)


def test_half_precision_and_gradients_stay_outside() -> None:
    memory = ClassPrior(4)
    teacher, labels = _epoch()
    memory.update(teacher.bfloat16().requires_grad_(), labels)
    assert memory.running.dtype == torch.float32
    assert not memory.running.requires_grad


def test_what_does_not_fit_is_named() -> None:
    memory = ClassPrior(4)
    teacher, labels = _epoch()
    with pytest.raises(ValueError, match=r"^expected teacher \[B, 4\] or \[B, N, 4\], found \[12, 3\]$"):
        memory.update(teacher[:, :3], labels)
    with pytest.raises(ValueError, match=r"^expected integer labels \[12\], found torch.int64 \[11\]$"):
        memory.update(teacher, labels[1:])
    with pytest.raises(ValueError, match=r"^expected labels in \[0, 4\) .*, found 2 to 4$"):
        memory.update(teacher, labels + 2)
    with pytest.raises(ValueError, match=r"^expected classes > 0, found 0$"):
        ClassPrior(0)


def test_the_loss_takes_it() -> None:
    memory = ClassPrior(4)
    teacher, labels = _epoch()
    student = torch.randn(12, 4, requires_grad=True)
    gkl_loss(student, teacher, labels, prior=memory.prior).backward()
    assert student.grad is not None
