"""Taking the radar's own motion out of radial velocities.

A radar that moves with velocity v sees a standing thing in direction u (unit vector from the radar) at the radial
velocity -v . u: it comes nearer, which counts as negative. So v_r_comp = v_r + v . u is the motion of the thing itself
along the line of sight, and 0 for what stands.
"""

from __future__ import annotations

import torch
from torch import Tensor

from xmodal.modalities.radar.columns import V_R, V_R_COMP, VX, VY


def line_of_sight(xyz_m: Tensor) -> Tensor:
    """[P, 3] -> [P, 3] unit vectors from the radar to each point; zeros for a point at the radar itself."""
    distance = torch.linalg.vector_norm(xyz_m, dim=1, keepdim=True)
    return torch.where(distance > 0, xyz_m / distance.clamp_min(1e-9), 0.0)


def radar_velocity(velocity_mps: Tensor, rotation_radps: Tensor, lever_m: Tensor) -> Tensor:
    """[3] m/s: the velocity of a radar mounted away from the car's centre, in the car's axes: v + w x lever.

    Args:
        velocity_mps: [3] of the car's centre.
        rotation_radps: [3] how the car turns, (0, 0, yaw rate) on flat ground.
        lever_m: [3] from the car's centre to the radar.
    """
    out: Tensor = velocity_mps + torch.linalg.cross(rotation_radps, lever_m)
    return out


def compensate(points: Tensor, velocity_mps: Tensor) -> Tensor:
    """Fill v_r_comp, vx and vy from x, y, z and v_r.

    Args:
        points: [P, 9] in the order of `COLUMNS`.
        velocity_mps: [3] the radar's velocity over ground in its own axes.

    Returns:
        A copy [P, 9]; the points given stay as they are.
    """
    sight = line_of_sight(points[:, :3])
    along = points[:, V_R] + sight @ velocity_mps.to(points)
    out = points.clone()
    out[:, V_R_COMP] = along
    out[:, [VX, VY]] = along.unsqueeze(1) * sight[:, :2]
    return out
