"""Unit vectors, and what is left of those without a direction."""

import torch
from torch.autograd import gradcheck, gradgradcheck

from xmodal.losses._vectors import unit


def test_vectors_without_length_stay_zero_and_get_no_gradient():
    x = torch.tensor([[0.0, 0.0], [1e-20, -1e-20], [3.0, -4.0]], requires_grad=True)
    found = unit(x)
    torch.testing.assert_close(found, torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.6, -0.8]]))
    found.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad[:2], torch.zeros(2, 2))
    assert torch.isfinite(x.grad).all()


def test_what_is_no_number_is_not_hidden():
    assert unit(torch.tensor([[float("nan"), 1.0]])).isnan().all()


def test_gradients():
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(unit, x)
    assert gradgradcheck(unit, x)
