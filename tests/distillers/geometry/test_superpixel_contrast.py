"""Superpixels of an image, and the points and pixels that contrast over them."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.point_frames import B, check_weight_scales, masked, point_frame
from xmodal.distillers import SuperpixelContrast
from xmodal.distillers.geometry._superpixels import superpixels
from xmodal.pairs import tokens_of_elements


def test_superpixels_follow_edges_that_are_no_multiple_of_the_step():
    image = torch.zeros(2, 3, 8, 12)
    image[:, 0, :, 5:] = 1
    found = superpixels(image, (8, 12), step=4, compactness=0.1).view(2, 8, 12)
    left, right = set(found[0, :, :5].unique().tolist()), set(found[0, :, 5:].unique().tolist())
    assert not left & right
    assert torch.equal(found[0], found[1])


def test_superpixels_of_a_plain_image_are_the_squares_of_the_seeds():
    found = superpixels(torch.full((1, 3, 32, 48), 7, dtype=torch.uint8), (8, 12), step=4, compactness=0.3)
    expected = (torch.arange(8) // 4 * 3).unsqueeze(1) + torch.arange(12) // 4
    assert torch.equal(found.view(8, 12), expected)


def expected(frame, segments, kept, temperature):
    """SLidR, point by point in Python."""
    own, theirs = frame.student_as["t"].tokens, frame.teachers["t"].tokens
    cell = tokens_of_elements(theirs, frame.batch, "lidar")
    points, pixels = [], []
    for b in kept:
        for s in segments[b].unique():
            mine = [
                F.normalize(own.x[b, own.of[b, e]], dim=0)
                for e in range(cell.shape[1])
                if own.of[b, e] >= 0 and cell[b, e] >= 0 and segments[b, cell[b, e]] == s
            ]
            if mine:
                points.append(torch.stack(mine).mean(0))
                pixels.append(F.normalize(theirs.x[b, segments[b] == s], dim=1).mean(0))
    logits = torch.stack(points) @ torch.stack(pixels).T / temperature
    return F.cross_entropy(logits, torch.arange(len(points)))


def test_means_over_superpixels_are_contrasted():
    frame = point_frame(masked(True, False, True))
    found = SuperpixelContrast("t", step=2, temperature=0.2)(frame)["superpixels"]
    segments = superpixels(frame.batch.tensor("image"), (4, 6), step=2, compactness=0.3)
    torch.testing.assert_close(found, expected(frame, segments, (0, 2), 0.2), rtol=1e-4, atol=1e-4)
    check_weight_scales({"superpixels": found}, frame.student_as["t"].tokens.x, frame)
    found.backward()
    assert frame.teachers["t"].tokens.x.grad is None
    assert not frame.student_as["t"].tokens.x.grad[1].any()


def test_either_side_may_read_the_image():
    frame = point_frame()
    turned = replace(
        frame,
        student_as={"t": replace(frame.teachers["t"], outputs={})},
        teachers={"t": replace(frame.student_as["t"], outputs={})},
    )
    found = SuperpixelContrast("t", image="student", step=2)(turned)["superpixels"]
    found.backward()
    assert turned.student_as["t"].tokens.x.grad.any()
    assert turned.teachers["t"].tokens.x.grad is None
    assert found.shape == ()
    with pytest.raises(ValueError, match="unknown image 'both'"):
        SuperpixelContrast(image="both")


def test_nobody_taught_gives_zero():
    frame = point_frame(torch.zeros(B, dtype=torch.bool))
    assert SuperpixelContrast("t")(frame)["superpixels"] == 0


def test_an_image_without_grid_is_refused():
    frame = point_frame()
    flat = replace(frame.teachers["t"], tokens=replace(frame.teachers["t"].tokens, grid=None))
    with pytest.raises(ValueError, match="tokens on a grid"):
        SuperpixelContrast("t")(replace(frame, teachers={"t": flat}))
