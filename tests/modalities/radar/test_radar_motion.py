"""Ego-motion: what stands has no velocity of its own, whatever the radar does."""

import torch

from xmodal.modalities.radar import compensate, radar_velocity
from xmodal.modalities.radar.columns import COLUMNS, V_R, V_R_COMP, VX, VY


def cloud(count=200):
    points = torch.zeros(count, len(COLUMNS))
    points[:, :3] = torch.randn(count, 3) * 20
    return points


def measured(points, own, radar):
    """Radial velocity of points that move with `own` [P, 3] or [3], from positions a millisecond apart."""
    start = points[:, :3].double()
    later = start + (own - radar).double() * 1e-3
    return ((later.norm(dim=1) - start.norm(dim=1)) / 1e-3).float()


def test_a_standing_point_ahead_comes_nearer_and_has_no_velocity_of_its_own():
    points = torch.zeros(1, len(COLUMNS))
    points[0, 0], points[0, V_R] = 10, -8
    out = compensate(points, torch.tensor([8.0, 0, 0]))
    assert out[0, V_R_COMP] == 0
    assert out[0, V_R] == -8
    # The same point behind recedes.
    points[0, 0], points[0, V_R] = -10, 8
    assert compensate(points, torch.tensor([8.0, 0, 0]))[0, V_R_COMP] == 0


def test_standing_points_vanish_for_any_motion_of_the_radar():
    points, radar = cloud(), torch.tensor([12.0, -3, 0.5])
    points[:, V_R] = measured(points, torch.zeros(3), radar)
    assert points[:, V_R].abs().max() > 5
    out = compensate(points, radar)
    assert out[:, [V_R_COMP, VX, VY]].abs().max() < 0.05


def test_moving_points_keep_their_own_motion_along_the_line_of_sight():
    points, radar, own = cloud(), torch.tensor([12.0, -3, 0]), torch.tensor([-6.0, 2, 0])
    points[:, V_R] = measured(points, own, radar)
    alone = measured(points, own, torch.zeros(3))
    out = compensate(points, radar)
    assert torch.allclose(out[:, V_R_COMP], alone, atol=0.05)
    sight = points[:, :3] / points[:, :3].norm(dim=1, keepdim=True)
    assert torch.allclose(out[:, [VX, VY]], alone.unsqueeze(1) * sight[:, :2], atol=0.05)


def test_nothing_else_changes_and_the_points_given_stay():
    points = torch.randn(20, len(COLUMNS))
    before = points.clone()
    out = compensate(points, torch.tensor([5.0, 0, 0]))
    assert torch.equal(points, before)
    kept = [0, 1, 2, 3, 4, 8]
    assert torch.equal(out[:, kept], points[:, kept])


def test_a_point_at_the_radar_and_an_empty_cloud_are_finite():
    for count in (0, 1):
        assert compensate(torch.zeros(count, len(COLUMNS)), torch.tensor([5.0, 0, 0])).isfinite().all()


def test_a_radar_at_the_front_of_a_turning_car_moves_sideways():
    turning = radar_velocity(torch.tensor([10.0, 0, 0]), torch.tensor([0, 0, 0.5]), torch.tensor([3.0, 0, 0]))
    assert turning.tolist() == [10, 1.5, 0]  # counterclockwise turn: the nose goes left
