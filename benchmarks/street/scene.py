"""One simulated moment: the street, what camera and LiDAR record of it, and the exact truth about both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xmodal.benchmarks.street.camera import Camera, aim
from xmodal.benchmarks.street.cast import cast
from xmodal.benchmarks.street.lidar import firings, measure, returns
from xmodal.benchmarks.street.shading import draw_light, expose, shade
from xmodal.benchmarks.street.spec import F32, I8, I32, PATCH_PX, SKY, U8, Bool, StreetSpec
from xmodal.benchmarks.street.world import World, make_world
from xmodal.errors import ConfigError

CAMERA_IN_LIDAR_M = (0.15, 0.0, -0.3)


@dataclass(frozen=True, slots=True)
class Scene:
    """Recordings and truth. LiDAR frame: x forward, y left, z up, metres, level.

    Attributes:
        image: uint8 [3, H, W].
        pixel_class: int8 [H, W] row of `CLASSES`, -1 for sky.
        depth_m: float32 [H, W] along the optical axis, inf for sky.
        points: float32 [P, 4] x, y, z and intensity in 0 to 1.
        point_class: int8 [P].
        uv_px: float32 [P, 2] where a point lies in the image (pixel (r, c) covers [c, c + 1) x [r, r + 1));
            NaN outside the image and where the camera does not see the place that the point was measured on.
        clean_seen: bool [H / 8, W / 8]: patches in which a scan without noise and dropout has a point that the camera
            sees.
        condition: "day", "dusk", "night" or "fog".
        camera: in the LiDAR frame.
        lidar_height_m: of the LiDAR above the road.
    """

    image: U8
    pixel_class: I8
    depth_m: F32
    points: F32
    point_class: I8
    uv_px: F32
    clean_seen: Bool
    condition: str
    camera: Camera
    lidar_height_m: float


@dataclass(frozen=True, slots=True)
class Scan:
    """The LiDAR's part of a Scene."""

    points: F32
    point_class: I8
    uv_px: F32
    clean_seen: Bool


def make_scene(seed: int, index: int, spec: StreetSpec | None = None) -> Scene:
    """Scene number `index` of the endless street `seed`; the same three arguments give the same scene."""
    if seed < 0 or index < 0:
        raise ConfigError(f"make_scene: expected seed and index >= 0, found seed={seed}, index={index}")
    spec = spec or StreetSpec()
    # One stream a part: another LiDAR setting leaves world and image as they were.
    streams = np.random.SeedSequence([seed, index]).spawn(4)
    of_world, of_pose, of_image, of_scan = (np.random.Generator(np.random.PCG64(s)) for s in streams)
    world = make_world(of_world)
    camera = _camera(of_pose, spec)
    lidar_height = world.eye_m - CAMERA_IN_LIDAR_M[2]
    lidar = np.array([0, 0, lidar_height], dtype=np.float32)
    image, label, depth = _photograph(world, camera, lidar, of_image)
    scan = _scan(world, camera, lidar, spec, of_scan)
    return Scene(
        image=image,
        pixel_class=label,
        depth_m=depth,
        points=scan.points,
        point_class=scan.point_class,
        uv_px=scan.uv_px,
        clean_seen=scan.clean_seen,
        condition=world.condition,
        camera=camera,
        lidar_height_m=lidar_height,
    )


def _camera(rng: np.random.Generator, spec: StreetSpec) -> Camera:
    pitch, roll = np.radians([8.0, 4.0]) * (rng.random(2) - 0.5)
    focal = spec.image_px[1] / 2 / np.tan(np.radians(spec.fov_deg) / 2)
    return aim(np.array(CAMERA_IN_LIDAR_M, dtype=np.float32), pitch, roll, float(focal), spec.image_px)


def _photograph(world: World, camera: Camera, lidar: F32, rng: np.random.Generator) -> tuple[U8, I8, F32]:
    eye, rays = lidar + camera.position, camera.directions()
    hits = cast(eye, rays, world)
    light = draw_light(rng, world.condition)
    linear = camera.to_image(shade(eye, rays, hits, world, light))
    label = _label(world, hits.primitive)
    return (
        expose(linear, light, rng),
        camera.to_image(label),
        camera.to_image(hits.range_m * (rays @ camera.rotation[2])),
    )


def _label(world: World, which: I32) -> I8:
    return np.where(which >= 0, world.label[which], np.int8(SKY))


def _scan(world: World, camera: Camera, lidar: F32, spec: StreetSpec, rng: np.random.Generator) -> Scan:
    rays = firings(spec, float(rng.random()))
    hits = cast(lidar, rays, world)
    at = np.flatnonzero(returns(hits, spec))
    ray, range_m, which = rays[at], hits.range_m[at], hits.primitive[at]
    clean_uv, _ = camera.project(ray * range_m[:, None])
    seen = _seen(ray * range_m[:, None], clean_uv, world, camera, lidar)
    patch = (clean_uv[seen] // PATCH_PX).astype(np.int32)
    clean_seen = np.zeros((spec.image_px[0] // PATCH_PX, spec.image_px[1] // PATCH_PX), dtype=np.bool_)
    clean_seen[patch[:, 1], patch[:, 0]] = True

    facing = np.abs((ray * hits.normal[at]).sum(axis=1))
    noisy, intensity, kept = measure(range_m, facing, world.paints.reflectivity[world.paint[which]], spec, rng)
    xyz = ray * noisy[:, None]
    uv, _ = camera.project(xyz)
    uv[~seen] = np.nan
    points = np.concatenate([xyz, intensity[:, None]], axis=1)
    return Scan(points[kept], world.label[which][kept], uv[kept], clean_seen)


def _seen(xyz: F32, uv: F32, world: World, camera: Camera, lidar: F32) -> Bool:
    """[N]: is a place in the image and not hidden from the camera? Sends a ray to it and sees whether it arrives."""
    seen = np.isfinite(uv[:, 0])
    towards = (xyz - camera.position)[seen]
    distance = np.linalg.norm(towards, axis=1)
    hits = cast(lidar + camera.position, towards / distance[:, None], world)
    # The slack covers rounding where a ray grazes the far ground.
    seen[seen] = hits.range_m > distance * np.float32(0.998) - np.float32(0.03)
    return seen
