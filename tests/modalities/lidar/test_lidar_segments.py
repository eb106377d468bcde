"""Means over groups agree with a loop, forward and backward."""

import torch

from xmodal.modalities.lidar.segments import Segments, add_spread, segment_mean

OF = torch.tensor([3, 0, 3, 1, 0, 3])
GROUPS = 5


def by_hand(rows):
    return torch.stack([rows[g == OF].mean(0) if (g == OF).any() else rows.new_zeros(2) for g in range(GROUPS)])


def test_mean_and_its_gradient_agree_with_a_loop():
    rows = torch.randn(6, 2, requires_grad=True)
    twin = rows.detach().clone().requires_grad_()
    segments = Segments.build(OF, GROUPS)
    weight = torch.randn(GROUPS, 2)
    (segment_mean(rows, segments) * weight).sum().backward()
    (by_hand(twin) * weight).sum().backward()
    assert torch.allclose(segment_mean(rows, segments), by_hand(twin), atol=1e-6)
    assert torch.allclose(rows.grad, twin.grad, atol=1e-6)


def test_an_empty_group_is_zero():
    assert not segment_mean(torch.ones(6, 2), Segments.build(OF, GROUPS))[[2, 4]].any()


def test_spread_and_its_gradients_agree_with_indexing():
    rows, groups = torch.randn(6, 2, requires_grad=True), torch.randn(GROUPS, 2, requires_grad=True)
    a, b = (t.detach().clone().requires_grad_() for t in (rows, groups))
    weight = torch.randn(6, 2)
    out = add_spread(rows, groups, Segments.build(OF, GROUPS))
    (out * weight).sum().backward()
    expected = a + b[OF]
    (expected * weight).sum().backward()
    assert torch.equal(out, expected)
    assert torch.allclose(rows.grad, a.grad)
    assert torch.allclose(groups.grad, b.grad, atol=1e-6)


def test_half_precision_rows_are_averaged_in_float32():
    rows = torch.full((3000, 1), 1.01, dtype=torch.bfloat16)
    mean = segment_mean(rows, Segments.build(torch.zeros(3000, dtype=torch.long), 1))
    assert mean.dtype == torch.float32
    assert torch.allclose(mean, rows[:1].float(), atol=1e-4)


def test_no_rows_at_all():
    segments = Segments.build(torch.zeros(0, dtype=torch.long), 4)
    assert not segment_mean(torch.zeros(0, 2), segments).any()
    assert add_spread(torch.zeros(0, 2), torch.ones(4, 2), segments).shape == (0, 2)
