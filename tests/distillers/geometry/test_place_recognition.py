"""4DRaL's three terms by formula, and who takes part in them."""

from dataclasses import replace

import torch
from torch.nn import functional as F

from distillers.geometry.point_frames import TASKS, Like, check_weight_scales, masked, occupied_cells, point_frame
from xmodal.distillers import PlaceRecognition

MAP = dict(extent_m=((0.0, 10.0), (-4.0, 4.0)), cell_m=2.0)
MODELS = {"student": Like(4, inputs=("radar",)), "t": Like(6, inputs=("lidar",))}


def places(taught=None):
    """The frame with descriptors, and the student's pooled vector in the teacher's width."""
    frame = point_frame(taught)
    unit = [F.normalize(torch.randn(3, 8), dim=1).requires_grad_() for _ in range(2)]
    projected = replace(frame.student_as["t"], pooled=torch.randn(3, 6, requires_grad=True))
    return replace(
        frame,
        student=replace(frame.student, outputs={"place": unit[0]}),
        teachers={"t": replace(frame.teachers["t"], outputs={"place": unit[1]})},
        student_as={"t": projected},
    )


def connected():
    distiller = PlaceRecognition(teacher="t", ground_m=-0.5, width=4, margin=0.3, **MAP)
    distiller.connect(MODELS, TASKS)
    return distiller


def test_the_terms_by_formula():
    frame, distiller = places(), connected()
    found = distiller(frame)
    a, b = frame.student_as["t"].pooled, frame.teachers["t"].pooled
    torch.testing.assert_close(found["features"], F.kl_div(a.log_softmax(1), b.softmax(1), reduction="none").sum(1))
    a, b = frame.student.outputs["place"], frame.teachers["t"].outputs["place"]
    torch.testing.assert_close(found["response"], ((a - b).norm(dim=1) - 0.3).relu())
    picture = occupied_cells(frame)
    drawn = distiller._drawn(frame).squeeze(1)
    torch.testing.assert_close(found["image"], (drawn - picture).abs().mean((1, 2)))


def test_the_student_stands_where_it_stands():
    frame, distiller = places(), connected()
    tokens = frame.student.layers[0]
    moved = replace(tokens, where=tokens.where - torch.tensor([2.0, 0.0, 0.0]))
    shifted = replace(frame, student=replace(frame.student, layers=(moved,)))
    before = distiller(frame)["image"]
    distiller.student_at_m = (2.0, 0.0)
    torch.testing.assert_close(distiller(shifted)["image"], before)


def test_the_response_is_left_alone_within_the_margin():
    frame, distiller = places(), connected()
    frame.teachers["t"].outputs["place"].data[:] = frame.student.outputs["place"].data + 0.01
    assert distiller(frame)["response"].tolist() == [0, 0, 0]


def test_samples_without_teacher_count_nothing_and_only_the_student_learns():
    frame, distiller = places(masked(True, False, True)), connected()
    found = distiller(frame)
    assert all(term[1] == 0 and term[0] != 0 for term in found.values())
    whole = distiller(replace(frame, taught={"t": masked(True, True, True)}))
    for name, term in found.items():
        torch.testing.assert_close(term.mean(), whole[name][[0, 2]].mean())
    for name, leaf in (
        ("image", frame.student.layers[0].x),
        ("features", frame.student_as["t"].pooled),
        ("response", frame.student.outputs["place"]),
    ):
        check_weight_scales({name: found[name]}, leaf, frame)
    sum(term.sum() for term in found.values()).backward()
    assert frame.teachers["t"].pooled.grad is None
    assert frame.teachers["t"].outputs["place"].grad is None
    assert not frame.student.layers[0].x.grad[1].any()
