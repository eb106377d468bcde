"""Points against the pixels that they fall on: distances by formula, point by point; who gets gradient; masks."""

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.point_frames import MODELS, TASKS, check_weight_scales, masked, point_frame
from xmodal.distillers import LayerPoints, PointPixel, PointPixelContrast, PointPixelMLP, TokenAlign
from xmodal.pairs import tokens_of_elements


def point_by_point(frame, own, theirs, distance, kept=(0, 1, 2)):
    """The mean of `distance` over raw points that both see, without any pairing."""
    cell = tokens_of_elements(theirs, frame.batch, "lidar")
    values = [
        distance(own.x[b, own.of[b, e]], theirs.x[b, cell[b, e]])
        for b in kept
        for e in range(cell.shape[1])
        if own.of[b, e] >= 0 and cell[b, e] >= 0
    ]
    return torch.stack(values).mean()


def apart(a, b):
    return (a / a.norm() - b / b.norm()).square().sum().sqrt()


def angle(a, b):
    return 1 - a @ b / (a.norm() * b.norm())


@pytest.mark.parametrize("taught", [(True, True, True), (True, False, True)])
def test_the_mean_is_over_points_of_samples_that_have_a_teacher(taught):
    frame = point_frame(masked(*taught))
    found = PointPixel("t")(frame)["distance"]
    kept = [i for i, has in enumerate(taught) if has]
    own, theirs = frame.student_as["t"].tokens, frame.teachers["t"].tokens
    torch.testing.assert_close(found.mean(), point_by_point(frame, own, theirs, apart, kept))
    assert (found != 0).tolist() == list(taught)
    found.sum().backward()
    assert theirs.x.grad is None
    assert own.x.grad[1].any() == taught[1]
    assert not own.x.grad[0, -1].any()  # no point lies in it


def test_it_is_zero_where_directions_agree():
    frame = point_frame()
    theirs = frame.teachers["t"].tokens.x
    theirs.data[:] = theirs.data[:, :1]  # all tokens of a sample alike
    frame.student_as["t"].tokens.x.data[:] = 3 * theirs.data[:, :1]
    torch.testing.assert_close(PointPixel("t")(frame)["distance"], torch.zeros(3), atol=1e-6, rtol=0)


def test_a_perceptron_of_three_layers_stands_in_for_the_linear_head():
    frame, distiller = point_frame(), PointPixelMLP("t", hidden=7)
    distiller.connect(MODELS, TASKS)
    assert [tuple(p.shape) for p in distiller.parameters() if p.dim() == 2] == [(7, 4), (7, 7), (6, 7)]
    found = distiller(frame)["distance"]
    a, b, c = (layer for layer in distiller.head if isinstance(layer, torch.nn.Linear))
    projected = c(F.relu(b(F.relu(a(frame.student.tokens.x)))))
    other = PointPixel("t")
    frame.student_as["t"].tokens.x.data[:] = projected.detach()
    torch.testing.assert_close(found, other(frame)["distance"])
    check_weight_scales(distiller(frame), frame.student.tokens.x, frame)


def test_each_layer_has_its_own_head_and_its_own_pairs():
    frame, distiller = point_frame(masked(False, True, True)), LayerPoints("t", layers=((0, 1), (-1, 0)), hidden=8)
    distiller.connect(MODELS, TASKS)
    found = distiller(frame)["layers"]
    expected = []
    for head, (a, b) in zip(distiller.heads, ((0, 1), (1, 0)), strict=True):
        own, theirs = frame.student.layers[a], frame.teachers["t"].layers[b]
        moved = type(own)(head(own.x), of=own.of, key=own.key)
        expected.append(point_by_point(frame, moved, theirs, angle, (1, 2)))
    torch.testing.assert_close(found.mean(), torch.stack(expected).mean())
    assert found[0] == 0
    check_weight_scales(distiller(frame), frame.student.layers[0].x, frame)
    found.sum().backward()
    assert frame.teachers["t"].layers[1].x.grad is None
    with pytest.raises(ValueError, match="expected \\(student layer, teacher layer\\) pairs"):
        LayerPoints("t", layers=())


def test_all_pairs_contrast_is_info_nce_of_the_drawn_pairs():
    frame = point_frame(masked(True, False, True))
    found = PointPixelContrast("t", pairs=1000, temperature=0.5)(frame)["pairs"]
    index = frame.pairs["student", "t"].index
    sample, own, theirs = index[index[:, 0] != 1].unbind(1)
    a = F.normalize(frame.student_as["t"].tokens.x[sample, own], dim=-1)
    b = F.normalize(frame.teachers["t"].tokens.x[sample, theirs], dim=-1)
    torch.testing.assert_close(found, F.cross_entropy(a @ b.T / 0.5, torch.arange(len(a))))
    found.backward()
    assert frame.teachers["t"].tokens.x.grad is None
    assert not frame.student_as["t"].tokens.x.grad[1].any()
    nobody = point_frame(masked(False, False, False))
    assert PointPixelContrast("t")(nobody)["pairs"] == 0


def test_aligning_tokens_is_not_aligning_points():
    """TokenAlign means the teacher first and counts each token once."""
    frame = point_frame()
    assert not torch.allclose(TokenAlign("t")(frame)["cosine"].mean(), PointPixel("t")(frame)["distance"].mean())
