"""CRKD: where the teacher sees objects, inside of enlarged boxes, affinities, and answers."""

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.bev_frames import COUNTED, GRID, B, bev_frame, check_weight_scales, ready
from xmodal.distillers import CRKD
from xmodal.distillers.geometry._from_above import LabelledBoxes


@pytest.fixture
def distiller():
    return ready(CRKD("bev", teacher="t", sizes=(4, 2), cell_m=2.0, sensor=(6.0, 0.0)))


def as_map(x, grid=GRID):
    return x.transpose(1, 2).reshape(B, -1, *grid)


def test_cross_stage_and_response_equal_direct_formulas(distiller):
    frame = bev_frame()
    p_teacher, p_student = (e.outputs["bev"].softmax(-1)[..., 1:] for e in (frame.teachers["t"], frame.student))
    active = distiller.activation(as_map(frame.student.layers[1].x)).sigmoid().view(B, -1)
    terms = distiller(frame)
    expected = (active - p_teacher.amax(-1))[:3].abs().mean()
    torch.testing.assert_close(terms["cross_stage"].mean(), expected, rtol=1e-4, atol=1e-6)
    p, q = p_student[:3], p_teacher[:3]
    each = (p - q).square() * F.binary_cross_entropy(p, q, reduction="none")
    torch.testing.assert_close(terms["response"], each.sum() / (q > 0.3).sum(), rtol=1e-3, atol=1e-5)


def test_the_relation_is_a_difference_of_affinities(distiller):
    frame = bev_frame()
    expected = 0.0
    for size, relate in zip((4, 2), distiller.relate, strict=True):
        maps = [F.interpolate(as_map(e.tokens.x), size=(size, size), mode="bilinear") for e in (
            frame.student, frame.teachers["t"])]  # fmt: skip
        a, b = relate(maps[0]).flatten(2), maps[1].flatten(2)
        expected = expected + (a.transpose(1, 2) @ a - b.transpose(1, 2) @ b).abs().mean((1, 2))
    found = distiller(frame)["relation"]
    torch.testing.assert_close(found[:3] * 3 / 4, expected[:3], rtol=1e-4, atol=1e-5)
    assert found[3] == 0


def test_boxes_grow_with_distance_and_speed(distiller):
    turned = torch.tensor([[6.0, 5.0, 2.0, 1.0, 0.3], [6.0, 11.0, 2.0, 1.0, 0.0], [6.0, 16.0, 2.0, 1.0, 0.0]])
    boxes = LabelledBoxes(turned, torch.zeros(3, dtype=torch.int64), torch.tensor([0.0, 0.0, -2.0]))
    grown = distiller._enlarged(boxes).turned
    # In metres: 4 x 2 at 10, 22 and 32 m; at least 0.5 m more.
    torch.testing.assert_close(grown[:, 2:4] * 2, torch.tensor([[4.5, 2.5], [5.0, 2.5], [8.0, 3.0]]))
    assert torch.equal(grown[:, [0, 1, 4]], turned[:, [0, 1, 4]])


def test_the_feature_term_is_inside_of_the_boxes_only(distiller):
    frame = bev_frame()
    distiller(frame)["feature"].backward()
    touched = frame.student.tokens.x.grad.abs().sum(-1) > 0
    assert touched[0].any()
    assert touched[1].any()
    assert not touched[~COUNTED].any()
    assert not touched[0].all()


def test_gradient_never_reaches_the_teacher_and_weights_scale(distiller):
    frame = bev_frame()
    terms = distiller(frame)
    check_weight_scales({k: terms[k] for k in ("feature", "relation")}, frame.student.tokens.x, frame)
    check_weight_scales({"cross_stage": terms["cross_stage"]}, frame.student.layers[1].x, frame)
    check_weight_scales({"response": terms["response"]}, frame.student.outputs["bev"], frame)
    sum(term.sum() for term in terms.values()).backward()
    teacher = frame.teachers["t"]
    assert teacher.tokens.x.grad is None
    assert teacher.outputs["bev"].grad is None
    assert not frame.student.tokens.x.grad[3].any()


def test_without_labels_only_the_feature_term_is_gone(distiller):
    terms = distiller(bev_frame(labels=False))
    assert not terms["feature"].any()
    assert all(terms[k].mean() > 0 for k in ("cross_stage", "relation", "response"))
    none = distiller(bev_frame(taught=torch.zeros(B, dtype=torch.bool)))
    assert all(not term.any() for term in none.values())
