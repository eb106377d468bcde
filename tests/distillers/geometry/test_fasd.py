"""FASD: only cells that both clouds have points in enter the mean."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.bev_frames import GRID, B, bev_frame, check_weight_scales, ready
from xmodal.distillers import FASD

CELLS = GRID[0] * GRID[1]


@pytest.fixture
def distiller():
    return ready(FASD("bev", teacher="t"))


def sparse(frame):
    """Student cells 0 to 39 have points, the teacher's from 20 on; none of the student's in sample 1."""
    number = torch.arange(CELLS).expand(B, -1)
    own, other = number < 40, number >= 20
    own = own & (torch.arange(B) != 1).unsqueeze(1)
    student, teacher = frame.student, frame.teachers["t"]
    layers = (replace(student.layers[0], valid=own), *student.layers[1:])
    theirs = (replace(teacher.layers[0], valid=other), *teacher.layers[1:])
    return replace(frame, student=replace(student, layers=layers), teachers={"t": replace(teacher, layers=theirs)})


def test_the_feature_term_is_the_mean_over_shared_cells(distiller):
    frame = sparse(bev_frame())
    ours = distiller.adapter(frame.student.layers[0].x)
    gap = (ours - frame.teachers["t"].layers[0].x).square().mean(-1)[:, 20:40].mean(1)
    found = distiller(frame)["feature"]
    torch.testing.assert_close(found.mean(), (gap[0] + gap[2]) / 2, rtol=1e-5, atol=1e-6)
    assert found[1] == found[3] == 0


def test_the_response_is_a_quality_focal_loss_of_taught_samples(distiller):
    frame = bev_frame()
    p, q = (e.outputs["bev"].softmax(-1)[:3, :, 1:] for e in (frame.student, frame.teachers["t"]))
    expected = ((p - q).square() * F.binary_cross_entropy(p, q, reduction="none")).sum() / (q > 0.3).sum()
    torch.testing.assert_close(distiller(frame)["response"], expected, rtol=1e-3, atol=1e-5)


def test_gradient_stays_in_shared_cells_and_away_from_the_teacher(distiller):
    frame = sparse(bev_frame())
    terms = distiller(frame)
    check_weight_scales({"feature": terms["feature"]}, frame.student.layers[0].x, frame)
    check_weight_scales({"response": terms["response"]}, frame.student.outputs["bev"], frame)
    (terms["feature"].sum() + terms["response"]).backward()
    touched = frame.student.layers[0].x.grad.abs().sum(-1) > 0
    assert touched[0].nonzero().flatten().tolist() == list(range(20, 40))
    assert not touched[[1, 3]].any()
    teacher = frame.teachers["t"]
    assert teacher.layers[0].x.grad is None
    assert teacher.outputs["bev"].grad is None


def test_without_a_teacher_nothing_is_asked(distiller):
    terms = distiller(bev_frame(taught=torch.zeros(B, dtype=torch.bool)))
    assert all(not term.any() for term in terms.values())
