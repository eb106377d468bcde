"""Superpixels of SLidR: what is averaged, what is left out, what single points are."""

from math import log

import pytest
import torch
from torch.nn import functional as F

from xmodal.losses import info_nce_loss, superpixel_contrast_loss


def _unit(*shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(shape, dtype=torch.float64), dim=-1)


def test_one_point_and_one_pixel_in_each_is_the_contrast_of_pairs() -> None:
    points, pixels = _unit(2, 5, 4), _unit(2, 5, 4)
    own = torch.arange(5).expand(2, 5)
    loss = superpixel_contrast_loss(points, pixels, own, own, temperature=0.2)
    pairs = info_nce_loss(points.flatten(0, 1), pixels.flatten(0, 1), temperature=0.2)
    torch.testing.assert_close(loss, pairs, rtol=1e-4, atol=0)  # 1e-6 added to each count


def test_one_sample_of_two_superpixels_worked_out() -> None:
    points = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    pixels = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    loss = superpixel_contrast_loss(points, pixels, torch.tensor([[7, 7, 2]]), torch.tensor([[7, 2]]), temperature=1.0)
    half = log(2)  # the mean of the first two points is as near to both
    torch.testing.assert_close(loss.item(), (half + log(1 + torch.e**-1)) / 2, rtol=1e-5, atol=0)


def test_means_of_superpixels_are_not_made_unit_vectors() -> None:
    points = torch.tensor([[[1.0, 0.0], [-0.5, 0.0], [0.0, 1.0]]])
    segments = torch.tensor([[0, 0, 1]])
    mixed = superpixel_contrast_loss(points, points, segments, segments, temperature=1.0)
    single = superpixel_contrast_loss(points[:, ::2], points[:, ::2], segments[:, ::2], segments[:, ::2], temperature=1)
    assert mixed > single + 0.1


def test_numbers_hold_within_a_sample_only_and_mean_nothing_else() -> None:
    points, pixels = _unit(3, 8, 4), _unit(3, 9, 4)
    ours, theirs = torch.arange(8).expand(3, 8) % 3, torch.arange(9).expand(3, 9) % 3
    loss = superpixel_contrast_loss(points, pixels, ours, theirs)
    renamed = torch.tensor([[5, 0, 9], [4, 8, 1], [2, 3, 7]])
    again = superpixel_contrast_loss(points, pixels, renamed.gather(1, ours), renamed.gather(1, theirs))
    torch.testing.assert_close(again, loss)


def test_points_in_no_superpixel_and_superpixels_of_one_side_are_left_out() -> None:
    points, pixels = _unit(2, 6, 4), _unit(2, 7, 4)
    ours = torch.tensor([[0, 1, 1, -1, 5, -1]]).expand(2, 6)
    theirs = torch.tensor([[0, 0, 1, 9, 9, -1, -1]]).expand(2, 7)
    loss = superpixel_contrast_loss(points, pixels, ours, theirs)
    kept = superpixel_contrast_loss(points[:, :3], pixels[:, :3], ours[:, :3], theirs[:, :3])
    torch.testing.assert_close(loss, kept)
    points[:, 3:], pixels[:, 3:] = torch.nan, torch.nan
    torch.testing.assert_close(superpixel_contrast_loss(points, pixels, ours, theirs), kept)


def test_without_a_shared_superpixel_the_loss_is_zero() -> None:
    points = _unit(2, 3, 4).requires_grad_()
    none = torch.full((2, 3), -1)
    loss = superpixel_contrast_loss(points, points.detach(), none, none)
    loss.backward()
    assert loss == 0
    assert points.grad is not None
    assert not points.grad.any()


def test_equal_features_everywhere_give_the_logarithm_of_the_number_of_superpixels() -> None:
    same = torch.ones(2, 6, 4)
    segments = torch.arange(6).expand(2, 6) // 2
    loss = superpixel_contrast_loss(same, same, segments, segments)
    assert loss.item() == pytest.approx(log(6), rel=1e-4)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"found student \[2, 3, 4\] and teacher \[2, 3, 4\], segments \[2, 2\] and"):
        superpixel_contrast_loss(_unit(2, 3, 4), _unit(2, 3, 4), torch.zeros(2, 2).long(), torch.zeros(2, 3).long())
