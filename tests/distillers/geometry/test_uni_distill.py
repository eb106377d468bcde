"""UniDistill: nine points of each labelled box, read out of the maps by a loop."""

import math

import pytest
import torch

from distillers.geometry.bev_frames import BOXES, COUNTED, GRID, SAMPLE, B, bev_frame, check_weight_scales, ready
from xmodal.bus import Frame
from xmodal.distillers import UniDistill
from xmodal.losses import gaussian_mask


@pytest.fixture
def distiller():
    return ready(UniDistill("bev", teacher="t"))


def as_map(tokens):
    return tokens.x.transpose(1, 2).reshape(B, -1, *tokens.grid)


def read(image, x, y):
    """[C] bilinear with zeros outside, pixel i covering [i, i + 1)."""
    total = 0.0
    for i in (math.floor(x - 0.5), math.floor(x - 0.5) + 1):
        for j in (math.floor(y - 0.5), math.floor(y - 0.5) + 1):
            if 0 <= i < image.shape[2] and 0 <= j < image.shape[1]:
                total = total + image[:, j, i] * (1 - abs(x - 0.5 - i)) * (1 - abs(y - 0.5 - j))
    return total if isinstance(total, torch.Tensor) else image.new_zeros(len(image))


def points(box):
    x, y, length, width, angle = box[:5].tolist()
    for a in (-0.5, 0.0, 0.5):
        for b in (-0.5, 0.0, 0.5):
            dx, dy = a * length, b * width
            yield x + dx * math.cos(angle) - dy * math.sin(angle), y + dx * math.sin(angle) + dy * math.cos(angle)


def test_terms_equal_loops_over_the_boxes_of_labelled_and_taught_samples(distiller):
    frame = bev_frame()
    low, other_low = distiller.project(as_map(frame.student.layers[1])), as_map(frame.teachers["t"].layers[1])
    high, other_high = as_map(frame.student.tokens), as_map(frame.teachers["t"].tokens)
    feature, relation, count = 0.0, 0.0, 0
    for box, sample in zip(BOXES, SAMPLE.tolist(), strict=True):
        if not COUNTED[sample]:
            continue
        count += 1
        gaps = [(read(low[sample], *p) - read(other_low[sample], *p)).abs().mean() for p in points(box)]
        feature = feature + sum(gaps) / 9
        cosines = []
        for image in (high[sample], other_high[sample]):
            x = torch.stack([read(image, *p) for p in points(box)])
            x = x / (x.norm(dim=1, keepdim=True) + 1e-4)
            cosines.append(x @ x.T)
        relation = relation + (cosines[0] - cosines[1]).abs().mean()
    heat = gaussian_mask(BOXES[:, :5], SAMPLE, shape=(B, *GRID), min_overlap=0.7, min_radius=0)[:2]
    odds = [
        e.outputs["bev"].softmax(-1)[..., 1:].amax(-1).view(B, *GRID)[:2] for e in (frame.student, frame.teachers["t"])
    ]
    terms = distiller(frame)
    torch.testing.assert_close(terms["feature"], feature / (count + 1e-4), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(terms["relation"], relation / (count + 1e-4), rtol=1e-4, atol=1e-6)
    response = ((odds[0] - odds[1]).abs() * heat).sum() / (heat.sum() + 1e-4)
    torch.testing.assert_close(terms["response"], response, rtol=1e-4, atol=1e-6)


def test_gradient_reaches_the_student_of_counted_samples_and_never_the_teacher(distiller):
    frame = bev_frame()
    terms = distiller(frame)
    check_weight_scales({"feature": terms["feature"]}, frame.student.layers[1].x, frame)
    check_weight_scales({"relation": terms["relation"]}, frame.student.tokens.x, frame)
    check_weight_scales({"response": terms["response"]}, frame.student.outputs["bev"], frame)
    sum(terms.values()).backward()
    teacher = frame.teachers["t"]
    leaves = [teacher.outputs["bev"], *(t.x for t in (teacher.tokens, *teacher.layers))]
    assert all(leaf.grad is None for leaf in leaves)
    for x in (frame.student.layers[1].x, frame.student.tokens.x, frame.student.outputs["bev"]):
        assert x.grad[COUNTED].any()
        assert not x.grad[~COUNTED].any()


def test_relation_and_response_vanish_when_the_student_is_the_teacher(distiller):
    frame = bev_frame()
    same = Frame(student=frame.student, batch=frame.batch, teachers={"t": frame.student}, taught=frame.taught)
    square = ready(UniDistill("bev", teacher="t"))
    square.project = torch.nn.Identity()
    assert all(float(term.detach()) == pytest.approx(0, abs=1e-6) for term in square(same).values())


def test_without_labels_nothing_is_asked(distiller):
    assert all(not term.any() for term in distiller(bev_frame(labels=False)).values())
