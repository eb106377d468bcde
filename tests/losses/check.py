"""Compares a loss with a float64 value and gradient norm of tests/golden/methods.json."""

import pytest
import torch
from torch import Tensor

from golden.inputs import method_grad, method_value


def assert_golden(loss: Tensor, method: str, name: str, leaves: dict[str, Tensor]) -> None:
    """The value, and the gradient norm at each leaf (by its name in the file), to 1e-9."""
    assert loss.dtype == torch.float64
    assert loss.item() == pytest.approx(method_value(method, name), rel=1e-9)
    for leaf, grad in zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True):
        assert grad.norm().item() == pytest.approx(method_grad(method, name, leaf), rel=1e-9), leaf
