"""KD: reference numbers in float64, and what temperature and shifts do."""

import pytest
import torch

from golden.inputs import method_input, method_value
from losses.check import assert_golden
from xmodal.losses import kd_loss


def _valid_tokens() -> torch.Tensor:
    """[2, 5]: the tokens that TRL's entry does not leave out."""
    mask = torch.ones(2, 5, dtype=torch.bool)
    mask[:, 0] = mask[0, 1] = False
    return mask


@pytest.mark.parametrize("temperature", [0.9, 1.0, 2.0])
def test_masked_token_mean_is_trl_forward_kl_with_t_squared(temperature: float) -> None:
    entry = "trl/generalized_jsd"
    student = method_input(entry, "logits_s (B,L,V)").requires_grad_()
    loss = kd_loss(student, method_input(entry, "logits_t"), temperature=temperature, mask=_valid_tokens())
    assert_golden(loss / temperature**2, entry, f"beta0_T{temperature}", {"logits_s (B,L,V)": student})


def test_sum_over_tokens_is_dskd_forward_kl() -> None:
    entry = "dskd/divergences"
    student = method_input(entry, "logits_s (B,L,V)")
    mask = torch.arange(5).expand(2, 5) > 0
    items = kd_loss(student, method_input(entry, "logits_t"), temperature=2.0, mask=mask, reduction="none")
    # That code rounds to float32 inside its softmax, whatever it is given; it has no T^2.
    assert items.sum().item() / 2**2 == pytest.approx(method_value(entry, "forward_kl"), rel=1e-5)


@pytest.mark.parametrize("temperature", [10.0, 40.0])
def test_sum_over_tokens_mean_over_batch_is_low_rank_clone(temperature: float) -> None:
    entry = "lrc/logit_kl_and_ntp"
    student = method_input(entry, "target_logits (student)").requires_grad_()
    loss = 6 * kd_loss(student, method_input(entry, "raw logits (teacher)"), temperature=temperature)
    assert_golden(loss / temperature**2, entry, f"kl_T{temperature}", {"target_logits (student)": student})


def test_mean_over_classes_too_is_2dpass() -> None:
    entry = "2dpass/xm_kl_and_seg"
    student = method_input(entry, "pts_pred").requires_grad_()
    loss = kd_loss(student, method_input(entry, "fuse_pred"), temperature=1.0) / 7
    assert_golden(loss, entry, "xm", {"pts_pred": student})


def test_a_constant_added_to_all_logits_of_an_item_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 3, 6, dtype=torch.float64)
    shifted = kd_loss(student + torch.randn(4, 3, 1), teacher + torch.randn(4, 3, 1))
    torch.testing.assert_close(shifted, kd_loss(student, teacher))


def test_the_same_permutation_of_classes_changes_nothing() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    order = torch.randperm(6)
    torch.testing.assert_close(kd_loss(student[:, order], teacher[:, order]), kd_loss(student, teacher))


def test_at_high_temperature_it_is_the_squared_distance_of_centred_logits() -> None:
    student, teacher = torch.randn(2, 4, 6, dtype=torch.float64)
    difference = (student - student.mean(1, keepdim=True)) - (teacher - teacher.mean(1, keepdim=True))
    limit = difference.square().sum(1).mean() / (2 * 6)
    torch.testing.assert_close(kd_loss(student, teacher, temperature=1e4), limit, rtol=1e-3, atol=0)


def test_logits_far_apart_stay_finite() -> None:
    student, teacher = torch.tensor([[3e4, -3e4, 0.0]], requires_grad=True), torch.tensor([[-3e4, 3e4, 0.0]])
    loss = kd_loss(student, teacher, temperature=1.0)
    loss.backward()
    assert loss == 6e4
    assert student.grad is not None
    assert student.grad.tolist() == [[1.0, -1.0, 0.0]]
