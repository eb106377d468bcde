"""Projection against a formula written out number by number."""

import math

import pytest
import torch

from xmodal.data.projection import compose, project

MATRIX = torch.tensor([[700.0, 0, 60, 45], [0, 710, 20, -0.3], [0, 0, 1, 0.005]])


def by_hand(point: list[float], matrix: list[list[float]]) -> tuple[float, float, float]:
    u, v, w = (sum(row[j] * point[j] for j in range(3)) + row[3] for row in matrix)
    return u / w, v / w, w


def test_equals_the_formula_point_by_point() -> None:
    xyz = torch.randn(200, 3, dtype=torch.float64) * 10
    uv, depth = project(xyz, MATRIX)
    for i, point in enumerate(xyz.tolist()):
        u, v, w = by_hand(point, MATRIX.tolist())
        assert depth[i].item() == pytest.approx(w, rel=1e-12)
        if w > 0:
            assert uv[i].tolist() == pytest.approx([u, v], rel=1e-9)
        else:
            assert uv[i].isnan().all()


def test_points_behind_the_camera_do_not_appear_mirrored() -> None:
    front = torch.tensor([[0.1, 0.05, 5.0]])
    uv, _ = project(torch.cat((front, -front)), MATRIX)
    assert uv[0].isfinite().all()
    assert uv[1].isnan().all()


def test_a_point_in_the_camera_plane_has_no_pixel() -> None:
    uv, depth = project(torch.tensor([[1.0, 1, 0]]), torch.eye(3, 4))
    assert depth.item() == 0
    assert uv.isnan().all()


@pytest.mark.parametrize(
    ("u", "v", "seen"),
    [(0.0, 0.0, True), (99.999, 49.999, True), (100.0, 10.0, False), (10.0, 50.0, False), (-0.001, 10.0, False)],
)
def test_the_image_is_half_open(u: float, v: float, seen: bool) -> None:
    uv, _ = project(torch.tensor([[u, v, 1.0]], dtype=torch.float64), torch.eye(3, 4), size=(50, 100))
    assert bool(uv.isfinite().all()) is seen
    outside, _ = project(torch.tensor([[u, v, 1.0]], dtype=torch.float64), torch.eye(3, 4))
    assert outside[0].tolist() == [u, v]


def test_float32_points_are_projected_in_float64() -> None:
    xyz = torch.rand(50, 3) + torch.tensor([0.0, 0, 40])
    uv, depth = project(xyz, MATRIX)
    assert uv.dtype == depth.dtype == torch.float64
    assert torch.equal(uv, project(xyz.double(), MATRIX.double())[0])


def test_compose_acts_from_the_right() -> None:
    angle = 0.3
    turn = torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    shift = torch.cat((torch.eye(3), torch.tensor([[1.0], [2], [3]])), 1)
    point = torch.tensor([[0.5, -0.2, 4.0]])
    whole, _ = project(point, compose(MATRIX, turn, shift))
    steps, _ = project((point + torch.tensor([1.0, 2, 3])) @ turn.T, MATRIX)
    assert torch.allclose(whole, steps, atol=1e-4)


def test_no_points_give_no_pixels() -> None:
    assert project(torch.zeros(0, 3), MATRIX, (5, 5))[0].shape == (0, 2)


def test_wrong_shapes_are_told() -> None:
    with pytest.raises(ValueError, match=r"xyz \[P, 3\] and matrix \[3, 4\], not \(5, 4\)"):
        project(torch.zeros(5, 4), MATRIX)
