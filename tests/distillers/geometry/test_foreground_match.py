"""ForegroundMatch: everything inside of the labelled boxes, nothing outside of them."""

import pytest
import torch

from distillers.geometry.bev_frames import BOXES, COUNTED, GRID, SAMPLE, B, bev_frame, check_weight_scales, ready
from xmodal.bus import Frame
from xmodal.distillers import ForegroundMatch
from xmodal.losses import box_mask


@pytest.fixture
def distiller():
    return ready(ForegroundMatch("bev", teacher="t", size=8))


def test_feature_and_response_are_means_over_the_cells_of_boxes(distiller):
    frame = bev_frame()
    inside = box_mask(BOXES[:, :5], SAMPLE, shape=(B, *GRID)).flatten(1).bool() & COUNTED.unsqueeze(1)
    weight, bias = distiller.project.weight[..., 0, 0], distiller.project.bias
    squared = (frame.student.tokens.x @ weight.T + bias - frame.teachers["t"].tokens.x).square().mean(-1)
    odds = [e.outputs["bev"].softmax(-1)[..., 1:].amax(-1) for e in (frame.student, frame.teachers["t"])]
    terms = distiller(frame)
    torch.testing.assert_close(terms["feature"], squared[inside].mean(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(terms["response"], (odds[0] - odds[1]).abs()[inside].mean(), rtol=1e-3, atol=1e-5)


def test_the_relation_vanishes_for_equal_maps_and_ignores_the_background(distiller):
    frame = bev_frame()
    same = Frame(student=frame.student, batch=frame.batch, teachers={"t": frame.student}, taught=frame.taught)
    distiller.project = torch.nn.Identity()
    assert not distiller(same)["relation"].any()
    distiller = ready(ForegroundMatch("bev", teacher="t", size=8))
    distiller(frame)["relation"].sum().backward()
    inside = box_mask(BOXES[:, :5], SAMPLE, shape=(B, *GRID)).flatten(1).bool()
    grad = frame.student.tokens.x.grad
    assert grad[inside & COUNTED.unsqueeze(1)].any()
    assert not grad[~(inside & COUNTED.unsqueeze(1))].any()


def test_no_gradient_to_the_teacher_and_weights_scale(distiller):
    frame = bev_frame()
    terms = distiller(frame)
    check_weight_scales({k: terms[k] for k in ("feature", "relation")}, frame.student.tokens.x, frame)
    check_weight_scales({"response": terms["response"]}, frame.student.outputs["bev"], frame)
    sum(term.sum() for term in terms.values()).backward()
    assert frame.teachers["t"].tokens.x.grad is None
    assert frame.teachers["t"].outputs["bev"].grad is None


def test_without_labels_nothing_is_asked(distiller):
    assert all(not term.any() for term in distiller(bev_frame(labels=False)).values())


def test_labels_without_boxes_are_named(distiller):
    frame = bev_frame()
    del frame.batch.labels["bev"]["boxes"]
    with pytest.raises(ValueError, match="labels of 'bev' hold no 'boxes'"):
        distiller(frame)
