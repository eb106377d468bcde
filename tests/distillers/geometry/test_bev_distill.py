"""BEVDistill: squared differences under the heat of the boxes, and a contrast between the centres of objects."""

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.bev_frames import BOXES, COUNTED, GRID, SAMPLE, B, bev_frame, check_weight_scales, ready
from xmodal.distillers import BEVDistill
from xmodal.losses import gaussian_mask


@pytest.fixture
def distiller():
    return ready(BEVDistill("bev", teacher="t", hidden=16, temperature=0.5))


def test_terms_equal_direct_formulas(distiller):
    frame = bev_frame()
    ours, theirs = frame.student.tokens.x, frame.teachers["t"].tokens.x
    heat = gaussian_mask(BOXES[:, :5], SAMPLE, shape=(B, *GRID)).flatten(1)[:2]
    weight, bias = distiller.project.weight[..., 0, 0], distiller.project.bias
    squared = (ours[:2] @ weight.T + bias - theirs[:2]).square().mean(-1)
    terms = distiller(frame)
    torch.testing.assert_close(terms["dense"], (squared * heat).sum() / heat.sum(), rtol=1e-4, atol=1e-6)
    cells = [(0, 2 * 12 + 3), (0, 6 * 12 + 9), (1, 4 * 12 + 6)]  # the fourth box is of a sample without teacher
    a = F.normalize(distiller.own(torch.stack([ours[s, c] for s, c in cells])), dim=1)
    b = F.normalize(distiller.other(torch.stack([theirs[s, c] for s, c in cells])), dim=1)
    expected = F.cross_entropy(a @ b.T / 0.5, torch.arange(3))
    torch.testing.assert_close(terms["contrast"], expected, rtol=1e-4, atol=1e-6)


def test_gradient_reaches_the_student_of_counted_samples_and_never_the_teacher(distiller):
    frame = bev_frame()
    terms = distiller(frame)
    check_weight_scales(terms, frame.student.tokens.x, frame)
    sum(terms.values()).backward()
    assert frame.teachers["t"].tokens.x.grad is None
    assert frame.student.tokens.x.grad[COUNTED].any()
    assert not frame.student.tokens.x.grad[~COUNTED].any()
    assert all(p.grad is not None for p in distiller.parameters())


def test_boxes_off_the_map_and_missing_labels_ask_nothing(distiller):
    frame = bev_frame()
    frame.batch.labels["bev"]["boxes"].values[:, 0] = 50.0
    assert all(not term.any() for term in distiller(frame).values())
    assert all(not term.any() for term in distiller(bev_frame(labels=False)).values())
