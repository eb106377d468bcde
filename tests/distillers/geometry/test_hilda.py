"""The whole, the next sweep and the sides of surfaces: terms by formula, masks, what is hidden, who gets gradient."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.point_frames import MODELS, TASKS, check_weight_scales, masked, occupied_cells, point_frame
from xmodal.data.batch import Ragged
from xmodal.distillers import HilDA, OccupancyDiffusion, SurfaceOccupancy
from xmodal.distillers.geometry._ground_grid import GroundGrid

MAP = dict(extent_m=((0.0, 10.0), (-4.0, 4.0)), cell_m=2.0)


def hilda(frame, **more):
    distiller = HilDA("t", hidden=8, occupancy=OccupancyDiffusion("lidar", ground_m=-0.5, width=4, **MAP, **more))
    distiller.connect(MODELS, TASKS)
    torch.manual_seed(1)
    return distiller, distiller(frame)


def test_the_grid_counts_cells_and_leaves_out_what_lies_beside_it():
    grid = GroundGrid(((0.0, 4.0), (-2.0, 2.0)), 2.0)
    where = torch.tensor([[[0.5, -1.0, 0], [3.9, 1.0, 0], [1.0, -0.1, 0], [4.0, 0.0, 0], [float("nan"), 0, 0]]])
    assert grid.cells(where).tolist() == [[0, 3, 0, -1, -1]]
    x = torch.tensor([[[1.0], [2.0], [5.0], [9.0], [9.0]]])
    keep = torch.ones(1, 5, dtype=torch.bool)
    assert grid.mean(x, where, keep).flatten().tolist() == [3.0, 0.0, 0.0, 2.0]
    assert grid.occupied(where, keep).flatten().tolist() == [1.0, 0.0, 0.0, 1.0]
    with pytest.raises(ValueError, match="cell_m > 0"):
        GroundGrid(((0.0, 4.0), (2.0, 2.0)), 1.0)


def test_the_whole_is_the_squared_length_between_the_largest_features_and_the_pooled_teacher():
    frame = point_frame(masked(True, True, False))
    distiller, terms = hilda(frame)
    tokens = frame.student.tokens
    expected = []
    for b in (0, 1):
        top = distiller.head(tokens.x[b, tokens.valid[b]]).max(0).values
        expected.append((top - frame.teachers["t"].pooled[b]).square().sum())
    torch.testing.assert_close(terms["global"].mean(), torch.stack(expected).mean())
    assert terms["global"][2] == terms["layers"][2] == 0
    assert set(terms) == {"layers", "global", "occupancy"}


def test_each_term_reaches_the_student_and_none_the_teacher():
    frame = point_frame()
    distiller, terms = hilda(frame)
    check_weight_scales({"global": terms["global"], "occupancy": terms["occupancy"]}, frame.student.tokens.x, frame)
    sum(term.sum() for term in terms.values()).backward()
    teacher = frame.teachers["t"]
    assert teacher.pooled.grad is None
    assert all(layer.x.grad is None for layer in teacher.layers)
    assert all(p.grad is not None for p in distiller.parameters())


def test_the_sweep_is_noised_and_both_answers_are_judged():
    frame = point_frame()
    distiller = OccupancyDiffusion("lidar", ground_m=-0.5, width=4, **MAP)
    distiller.connect(MODELS, TASKS)
    seen = {}

    def spy(noisy, kept, condition):
        seen.update(noisy=noisy, kept=kept, condition=condition)
        return torch.full_like(noisy, 0.25), torch.zeros_like(noisy)

    distiller.denoiser.forward = spy
    torch.manual_seed(4)
    found = distiller(frame)["occupancy"]
    occupied = occupied_cells(frame)
    torch.manual_seed(4)
    noise = torch.randn(3, 1, 5, 4)
    kept = torch.cos(torch.rand(3) * torch.pi / 2) ** 2
    torch.testing.assert_close(seen["kept"], kept)
    kept = kept.view(3, 1, 1, 1)
    torch.testing.assert_close(seen["noisy"], kept.sqrt() * occupied.unsqueeze(1) + (1 - kept).sqrt() * noise)
    expected = (noise - 0.25).square().mean((1, 2, 3)) + (0.5 - occupied).square().mean((1, 2))
    torch.testing.assert_close(found, expected)


def test_hidden_tokens_are_not_in_the_condition():
    frame = point_frame()
    distiller = OccupancyDiffusion("lidar", hidden=0.999999, width=4, **MAP)
    distiller.connect(MODELS, TASKS)
    assert not distiller._condition(frame.student.tokens).any()


def test_samples_without_a_next_sweep_count_nothing():
    frame = point_frame()
    first = frame.batch.ragged("lidar")
    later = {**frame.batch.entries, "lidar@1": Ragged(first.values[:16], torch.tensor([7, 9, 0]))}
    present = {"lidar@1": masked(True, True, False)}
    moved = replace(frame, batch=replace(frame.batch, entries=later, present=present))
    distiller = OccupancyDiffusion(width=4, **MAP)
    distiller.connect(MODELS, TASKS)
    found = distiller(moved)["occupancy"]
    assert found[2] == 0
    assert found[:2].all()


def test_tokens_of_an_image_have_no_place_on_the_ground():
    frame = point_frame()
    flat = replace(frame.student.tokens, frame="image_px")
    distiller = OccupancyDiffusion("lidar", **MAP)
    distiller.connect(MODELS, TASKS)
    with pytest.raises(ValueError, match="placed in metres, found frame 'image_px'"):
        distiller(replace(frame, student=replace(frame.student, tokens=flat)))


def test_the_side_of_a_surface_is_told_by_a_token_that_does_not_hold_its_return():
    frame = point_frame()
    distiller = SurfaceOccupancy(queries=50, reach_m=3.0, hidden=8)
    distiller.connect(MODELS, TASKS)
    seen = []
    distiller.head = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Linear(7, 1))
    distiller.head[0].register_forward_hook(lambda module, args, out: seen.append(out))
    torch.manual_seed(2)
    found = distiller(frame)["occupancy"]
    tokens = frame.student.tokens
    points, valid = frame.batch.ragged("lidar").padded()
    torch.manual_seed(2)
    chance, drawn = torch.rand(3, 9).masked_fill(~valid | (tokens.of < 0), -1).topk(9, 1)
    shift = (2 * torch.rand(3, 9) - 1) * 3.0
    values = []
    for b in range(3):
        each = []
        for q in range(9):
            if chance[b, q] < 0:
                continue
            p = points[b, drawn[b, q], :3]
            place = p + shift[b, q] * p / p.norm()
            others = [n for n in range(5) if tokens.valid[b, n] and n != tokens.of[b, drawn[b, q]]]
            near = min(others, key=lambda n: (place - tokens.where[b, n]).norm())
            if (place - tokens.where[b, near]).norm() > 3.0:
                continue
            given = torch.cat([tokens.x[b, near], (place - tokens.where[b, near]) / 3.0])
            torch.testing.assert_close(seen[0][b, q], given)
            behind = (shift[b, q] > 0).float()
            each.append(F.binary_cross_entropy_with_logits(distiller.head[1](given)[0], behind))
        values.append(torch.stack(each).mean())
    torch.testing.assert_close(found, torch.stack(values))
    check_weight_scales({"occupancy": found}, tokens.x, frame)
