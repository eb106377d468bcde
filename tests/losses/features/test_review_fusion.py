"""ReviewFusion: its formula, from deep to shallow, in the teacher's shapes."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.losses import ReviewFusion, hcl_loss

CHANNELS, TEACHER, SIZES = (3, 4, 6), (5, 7, 8), ((9, 9), (4, 4), (1, 1))


def _maps() -> list[Tensor]:
    return [torch.randn(2, channels, side, side) for channels, side in zip(CHANNELS, (8, 4, 1), strict=True)]


def test_the_outputs_have_the_teachers_shapes() -> None:
    fused = ReviewFusion(CHANNELS, TEACHER)(_maps(), sizes=SIZES)
    assert [tuple(x.shape) for x in fused] == [(2, 5, 9, 9), (2, 7, 4, 4), (2, 8, 1, 1)]


def test_it_is_the_formula_of_attention_based_fusion() -> None:
    fusion = ReviewFusion(CHANNELS[1:], TEACHER[1:], width=3).eval()
    shallow, deep = _maps()[1:]
    below = fusion.enter[1](deep)
    own = fusion.enter[0](shallow)
    spread = below.expand(-1, -1, 4, 4)
    weights = torch.sigmoid(F.conv2d(torch.cat([own, spread], 1), fusion.attend[0][0].weight, fusion.attend[0][0].bias))
    mixed = own * weights[:, 0].unsqueeze(1) + spread * weights[:, 1].unsqueeze(1)
    outputs = fusion([shallow, deep], sizes=SIZES[1:])
    torch.testing.assert_close(outputs, [fusion.leave[0](mixed), fusion.leave[1](below)])


def test_the_width_is_that_of_the_deepest_map_but_not_above_512() -> None:
    assert ReviewFusion(CHANNELS, TEACHER).enter[0][0].out_channels == 6
    assert ReviewFusion((3, 600), (3, 3)).enter[0][0].out_channels == 512


def test_a_stage_sees_itself_and_the_deeper_ones_only() -> None:
    fusion = ReviewFusion(CHANNELS, TEACHER)
    maps = [x.requires_grad_() for x in _maps()]
    for stage, fused in enumerate(fusion(maps, sizes=SIZES)):
        grads = torch.autograd.grad(fused.square().sum(), maps, allow_unused=True, retain_graph=True)
        assert [grad is not None for grad in grads] == [source >= stage for source in range(3)]


def test_training_brings_the_pyramid_loss_down() -> None:
    torch.manual_seed(0)
    fusion, maps = (
        ReviewFusion(CHANNELS, TEACHER),
        [x.expand(8, -1, -1, -1) + torch.randn(8, 1, 1, 1) for x in (m[:1] for m in _maps())],
    )
    targets = [torch.randn(8, channels, *size) for channels, size in zip(TEACHER, SIZES, strict=True)]
    optimiser = torch.optim.Adam(fusion.parameters(), lr=0.02)
    values = []
    for _ in range(30):
        optimiser.zero_grad()
        stages = zip(fusion(maps, sizes=SIZES), targets, strict=True)
        loss = torch.stack([hcl_loss(student, teacher) for student, teacher in stages]).sum()
        loss.backward()
        optimiser.step()
        values.append(loss.item())
    assert values[-1] < 0.7 * values[0]


def test_numbers_of_stages_that_differ_are_named() -> None:
    with pytest.raises(ValueError, match=r"one or more, found 3 and 2$"):
        ReviewFusion(CHANNELS, TEACHER[1:])
    with pytest.raises(ValueError, match=r"^expected 3 student maps and sizes, found 3 and 2$"):
        ReviewFusion(CHANNELS, TEACHER)(_maps(), sizes=SIZES[1:])
