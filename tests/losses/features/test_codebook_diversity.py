"""Codebook diversity: its two ends, its formula as a loop, masks and precision."""

from math import exp

import pytest
import torch

from xmodal.losses import CodebookDiversity, codebook_diversity


def test_it_equals_its_slow_formula() -> None:
    logits = torch.randn(2, 3, 4, dtype=torch.float64)
    used = [0.0] * 4
    for frame in logits.flatten(0, 1).tolist():
        for k, score in enumerate(frame):
            used[k] += exp(score) / sum(exp(v) for v in frame) / 6
    expected = sum((p - 1 / 4) ** 2 for p in used)
    assert codebook_diversity(logits).item() == pytest.approx(expected, rel=1e-10)
    assert CodebookDiversity()(logits) == codebook_diversity(logits)


def test_codes_used_equally_give_zero_whether_or_not_a_frame_is_sure() -> None:
    assert codebook_diversity(torch.zeros(6, 4)) == 0
    assert codebook_diversity(100 * torch.eye(4)) < 1e-12


def test_one_code_for_all_gives_the_most() -> None:
    logits = torch.zeros(6, 4)
    logits[:, 2] = 100
    assert codebook_diversity(logits).item() == pytest.approx(1 - 1 / 4)


def test_neither_the_order_of_frames_nor_that_of_codes_matters() -> None:
    logits = torch.randn(2, 3, 4, dtype=torch.float64)
    moved = logits.flip(0)[:, [2, 0, 1]][..., [3, 1, 0, 2]]
    torch.testing.assert_close(codebook_diversity(moved), codebook_diversity(logits))


def test_masking_equals_removing_and_no_frame_gives_zero_without_gradient() -> None:
    logits = torch.randn(2, 3, 4, dtype=torch.float64)
    for mask in (torch.tensor([[True, False, True], [True, True, False]]), torch.tensor([True, False])):
        damaged = torch.where(mask.reshape(2, -1, 1), logits, torch.nan).requires_grad_()
        loss = codebook_diversity(damaged, mask=mask)
        torch.testing.assert_close(loss, codebook_diversity(logits[mask]))
        (grad,) = torch.autograd.grad(loss, damaged)
        assert grad[mask].any()
        assert not grad[~mask].any()
    logits.requires_grad_()
    nothing = codebook_diversity(logits, mask=torch.zeros(2, dtype=torch.bool))
    nothing.backward()
    assert nothing == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_gradients_precision_and_shapes() -> None:
    logits = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(codebook_diversity, logits)
    low = codebook_diversity(logits.detach().bfloat16())
    assert low.dtype == torch.float32
    assert low == codebook_diversity(logits.detach().bfloat16().float())
    with pytest.raises(ValueError, match=r"^expected logits \[B, K\] or \[B, T, K\], found \[4\]$"):
        codebook_diversity(torch.zeros(4))
    with pytest.raises(ValueError, match=r"^expected a bool mask \[5\], found"):
        codebook_diversity(logits, mask=torch.ones(4, dtype=torch.bool))
