"""RadarDistill: activation terms on low maps, proposals on high ones, against loops over the cells."""

import math

import pytest
import torch

from distillers.geometry.bev_frames import BOXES, COUNTED, GRID, SAMPLE, B, bev_frame, ready
from xmodal.distillers import RadarDistill
from xmodal.losses import gaussian_mask

LOW = ((1, 0), (0, 1))


@pytest.fixture
def distiller():
    return ready(RadarDistill("bev", teacher="t", low=LOW, active_weight=0.2, inactive_weight=0.05))


def as_map(tokens):
    return tokens.x.transpose(1, 2).reshape(B, -1, *tokens.grid)


def test_feature_and_mask_equal_loops_over_the_cells_of_taught_samples(distiller):
    frame = bev_frame()
    feature = mask = 0.0
    for align, (own, other) in zip(distiller.align, LOW, strict=True):
        ours, theirs = align(as_map(frame.student.layers[own])), as_map(frame.teachers["t"].layers[other])
        both, only, squares, only_squares = 0, 0, 0.0, 0.0
        for sample in range(3):
            for row in range(GRID[0]):
                for column in range(GRID[1]):
                    a, b = ours[sample, :, row, column], theirs[sample, :, row, column]
                    if a.sum() > 0 and b.sum() > 0:
                        both, squares = both + 1, squares + (a - b).square().sum()
                    elif a.sum() > 0:
                        only, only_squares = only + 1, only_squares + (a - b).square().sum()
                    mask = mask + (a.sum().sigmoid() - (b.sum() > 0).float()).abs() / (3 * math.prod(GRID) * 2)
        feature = feature + (0.2 * squares + 0.05 * both / max(only, 1) * only_squares) / 3 / 2
    terms = distiller(frame)
    torch.testing.assert_close(terms["feature"].mean(), feature, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(terms["mask"].mean(), mask, rtol=1e-4, atol=1e-5)
    assert terms["feature"][3] == terms["mask"][3] == 0


def test_the_proposal_weighs_objects_and_false_claims_apart(distiller):
    frame = bev_frame()
    total = 0.0
    student, teacher = frame.student, frame.teachers["t"]
    odds = student.outputs["bev"].softmax(-1)[..., 1:].amax(-1).view(B, *GRID)
    for project, ours, theirs, scale in (
        (distiller.top, student.tokens, teacher.tokens, 1.0),
        (distiller.last, student.layers[-1], teacher.layers[-1], 0.5),
    ):
        boxes = BOXES[:, :5].clone()
        boxes[:, :4] *= scale
        heat = gaussian_mask(boxes, SAMPLE, shape=(B, *ours.grid))
        claimed = torch.nn.functional.adaptive_max_pool2d(odds, ours.grid)
        gap = (project(as_map(ours)).softmax(1) - as_map(theirs).softmax(1)).abs().sum(1)
        objects = [gap[s][heat[s] > 0.1] for s in (0, 1)]
        false = [gap[s][(heat[s] < 0.1) & (claimed[s] > 0.1)] for s in (0, 1)]
        total = total + (5 * torch.cat(objects).mean() + torch.cat(false).mean()) / 2
    torch.testing.assert_close(distiller(frame)["proposal"], total, rtol=1e-4, atol=1e-5)


def test_gradient_reaches_the_student_of_counted_samples_and_never_the_teacher(distiller):
    frame = bev_frame()
    terms = distiller(frame)
    sum(term.sum() for term in terms.values()).backward()
    teacher = frame.teachers["t"]
    assert all(t.x.grad is None for t in (teacher.tokens, *teacher.layers))
    assert frame.student.layers[1].x.grad[:3].any()
    assert not frame.student.layers[1].x.grad[3].any()
    assert frame.student.tokens.x.grad[COUNTED].any()
    assert not frame.student.tokens.x.grad[~COUNTED].any()
    assert all(p.grad is not None for p in distiller.parameters())


def test_without_labels_only_the_activation_terms_are_left(distiller):
    terms = distiller(bev_frame(labels=False))
    assert terms["proposal"] == 0
    assert terms["feature"].mean() > 0
    none = distiller(bev_frame(taught=torch.zeros(B, dtype=torch.bool)))
    assert all(not term.any() for term in none.values())


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="student has 3 layers, there is no layer 5"):
        ready(RadarDistill("bev", teacher="t", low=((5, 0),)))
    with pytest.raises(ValueError, match="differ in their grids"):
        ready(RadarDistill("bev", teacher="t", low=((2, 0),)))(bev_frame())
