"""FSKD: the spread that makes units alike, Huber by formula over paired places, features, masks."""

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.point_frames import MODELS, TASKS, check_weight_scales, masked, point_frame
from xmodal.distillers import DenseRegressionKD
from xmodal.pairs import carry


def connected():
    distiller = DenseRegressionKD(("depth",), teacher="t")
    distiller.connect(MODELS, TASKS)
    return distiller


def test_the_spread_is_that_of_the_teachers_answers_where_there_is_a_teacher():
    frame, distiller = point_frame(masked(True, True, False)), connected()
    distiller.prepare(iter([frame, frame]))
    values = frame.teachers["t"].outputs["depth"][:2]
    torch.testing.assert_close(distiller.spread[0], values.std(correction=0).detach())
    frame.teachers["t"].outputs["depth"].data[:] = 7.0
    distiller.prepare(iter([frame]))
    assert distiller.spread.tolist() == [1.0]


def test_the_terms_by_formula():
    frame, distiller = point_frame(masked(True, False, True)), connected()
    distiller.spread[:] = 2.0
    found = distiller(frame)
    pairs, kept = frame.pairs["student", "t"], torch.tensor([True, False, True])
    target, reached = carry(frame.teachers["t"].outputs["depth"].detach(), pairs, 5)
    reached = reached & kept[:, None]
    error = (frame.student.outputs["depth"] - target)[reached] / 2
    torch.testing.assert_close(found["maps"], F.huber_loss(error, torch.zeros_like(error)))
    features, _ = carry(frame.teachers["t"].tokens.x.detach(), pairs, 5)
    each = (frame.student_as["t"].tokens.x - features).square().mean(-1)
    rows = torch.stack([each[b, reached[b]].mean() for b in (0, 2)])
    torch.testing.assert_close(found["tokens"].mean(), rows.mean())
    assert found["tokens"][1] == 0
    check_weight_scales({"maps": found["maps"]}, frame.student.outputs["depth"], frame)
    check_weight_scales({"tokens": found["tokens"]}, frame.student_as["t"].tokens.x, frame)
    (found["maps"] + found["tokens"].sum()).backward()
    assert frame.teachers["t"].tokens.x.grad is None
    assert frame.teachers["t"].outputs["depth"].grad is None
    assert not frame.student.outputs["depth"].grad[1].any()


def test_units_do_not_matter():
    frame, distiller = point_frame(), connected()
    distiller.prepare(iter([frame]))
    before = distiller(frame)["maps"]
    for side in (frame.student, frame.teachers["t"]):
        side.outputs["depth"].data.mul_(100)
    distiller.prepare(iter([frame]))
    torch.testing.assert_close(distiller(frame)["maps"], before)


def test_what_is_no_dense_task_is_refused():
    with pytest.raises(ValueError, match="'height' is no dense task; tasks: depth, segmentation"):
        DenseRegressionKD(("height",), teacher="t").connect(MODELS, TASKS)
    with pytest.raises(ValueError, match="expected names such as"):
        DenseRegressionKD("depth")
