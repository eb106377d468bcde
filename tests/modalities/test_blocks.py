"""The attention block: what does not count is not seen; positions differ."""

import pytest
import torch

from xmodal.errors import ConfigError
from xmodal.modalities.blocks import Block, sine_positions


def test_tokens_that_do_not_count_are_never_seen():
    block, x = Block(8, heads=2).eval(), torch.randn(2, 5, 8)
    valid = torch.tensor([[True] * 3 + [False] * 2, [True] * 5])
    other = x.clone()
    other[0, 3:] = 99
    assert torch.equal(block(x, valid)[0, :3], block(other, valid)[0, :3])
    assert torch.allclose(block(x, valid)[:1, :3], block(x[:1, :3]), atol=1e-6)


def test_a_sample_without_tokens_is_finite_and_so_is_its_gradient():
    block, x = Block(8), torch.randn(2, 4, 8, requires_grad=True)
    block(x, torch.tensor([[False] * 4, [True] * 4])).sum().backward()
    assert x.grad.isfinite().all()


def test_a_block_treats_tokens_as_a_set():
    block, x, order = Block(8).eval(), torch.randn(1, 6, 8), torch.randperm(6)
    assert torch.allclose(block(x)[:, order], block(x[:, order]), atol=1e-6)


def test_positions_are_unit_circles_that_tell_places_apart():
    code = sine_positions(torch.arange(200), 16)
    assert code.shape == (200, 16)
    assert torch.allclose(code[:, :8] ** 2 + code[:, 8:] ** 2, torch.ones(200, 8), atol=1e-5)
    assert torch.pdist(code).min() > 0.1
    with pytest.raises(ConfigError, match="an even number, found 7"):
        sine_positions(torch.arange(3), 7)


def test_heads_must_divide_the_width():
    with pytest.raises(ConfigError, match="a divisor of the width 8, found 3"):
        Block(8, heads=3)
