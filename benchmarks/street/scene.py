"""One simulated moment: the street, what its sensors record of it, and the exact truth about that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from xmodal.benchmarks.street.camera import Camera, aim
from xmodal.benchmarks.street.cast import Hits, cast
from xmodal.benchmarks.street.lidar import firings, measure, returns
from xmodal.benchmarks.street.motion import Motion, draw_motion
from xmodal.benchmarks.street.objects import Objects, objects_of
from xmodal.benchmarks.street.radar import Mount, sweep
from xmodal.benchmarks.street.radar_spec import RADAR_FORWARD_M, RADAR_HEIGHT_M, RadarSpec
from xmodal.benchmarks.street.shading import Light, draw_light, expose, shade
from xmodal.benchmarks.street.spec import F32, I8, I32, PATCH_PX, SKY, U8, Bool, StreetSpec
from xmodal.benchmarks.street.thermal import temperatures, thermal_image
from xmodal.benchmarks.street.world import World, make_world
from xmodal.errors import ConfigError

CAMERA_IN_LIDAR_M = (0.15, 0.0, -0.3)
RADAR, THERMAL = "radar", "raster/thermal"


@dataclass(frozen=True, slots=True)
class Detections:
    """The radar's part of a Scene.

    Attributes:
        points: float32 [Q, 9] in the columns of `xmodal.modalities.radar.columns`, in the radar's axes.
        point_class: int8 [Q], -1 for ghosts and false alarms.
        uv_px: float32 [Q, 2] where the measured point lies in the image; NaN outside it, for ghosts, and where the
            camera does not see the place that was measured.
        depth_m: float32 [Q] of the true place along the LiDAR's x axis, NaN for ghosts.
        origin_m: [3] of the radar in the LiDAR frame; its axes are parallel.
        motion: who truly moved how fast.
    """

    points: F32
    point_class: I8
    uv_px: F32
    depth_m: F32
    origin_m: F32
    motion: Motion


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
        objects: vehicles and people as boxes on the ground.
        radar: what the radar detected, if it was asked for.
        thermal_c: float32 [1, H, W] degrees Celsius in the camera's pixels, if it was asked for.
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
    objects: Objects
    radar: Detections | None = None
    thermal_c: F32 | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """The LiDAR's part of a Scene. met: [n] the row of `World.label` behind each return of the clean scan."""

    points: F32
    point_class: I8
    uv_px: F32
    clean_seen: Bool
    met: I32


def make_scene(
    seed: int, index: int, spec: StreetSpec | None = None, sensors: Collection[str] = (), radar: RadarSpec | None = None
) -> Scene:
    """Scene number `index` of the endless street `seed`; the same arguments give the same scene.

    Args:
        sensors: "radar" and "raster/thermal" are simulated if named; camera and LiDAR always are.
    """
    if seed < 0 or index < 0:
        raise ConfigError(f"make_scene: expected seed and index >= 0, found seed={seed}, index={index}")
    spec = spec or StreetSpec()
    # One stream a part: another setting of one sensor, or one more, leaves the world and the others as they were.
    streams = np.random.SeedSequence([seed, index]).spawn(7)
    of_world, of_pose, of_image, of_scan, of_motion, of_radar, of_thermal = (
        np.random.Generator(np.random.PCG64(s)) for s in streams
    )
    world = make_world(of_world)
    camera = _camera(of_pose, spec)
    lidar_height = world.eye_m - CAMERA_IN_LIDAR_M[2]
    lidar = np.array([0, 0, lidar_height], dtype=np.float32)
    view = _look(world, camera, lidar)
    light = draw_light(of_image, world.condition)
    label = _label(world, view.hits.primitive)
    scan = _scan(world, camera, lidar, spec, of_scan)
    motion = draw_motion(of_motion, world)
    scene = Scene(
        image=expose(camera.to_image(shade(view.eye, view.rays, view.hits, world, light)), light, of_image),
        pixel_class=camera.to_image(label),
        depth_m=camera.to_image(view.hits.range_m * (view.rays @ camera.rotation[2])),
        points=scan.points,
        point_class=scan.point_class,
        uv_px=scan.uv_px,
        clean_seen=scan.clean_seen,
        condition=world.condition,
        camera=camera,
        lidar_height_m=lidar_height,
        objects=objects_of(world, motion, scan.met),
    )
    if RADAR in sensors:
        scene = replace(scene, radar=_detections(world, motion, camera, lidar, radar or RadarSpec(), of_radar))
    if THERMAL in sensors:
        scene = replace(scene, thermal_c=_thermal(world, motion, camera, view, light, of_thermal))
    return scene


def _camera(rng: np.random.Generator, spec: StreetSpec) -> Camera:
    pitch, roll = np.radians([8.0, 4.0]) * (rng.random(2) - 0.5)
    focal = spec.image_px[1] / 2 / np.tan(np.radians(spec.fov_deg) / 2)
    return aim(np.array(CAMERA_IN_LIDAR_M, dtype=np.float32), pitch, roll, float(focal), spec.image_px)


@dataclass(frozen=True, slots=True)
class _View:
    """What the rays of the camera's pixels meet."""

    eye: F32
    rays: F32
    hits: Hits


def _look(world: World, camera: Camera, lidar: F32) -> _View:
    eye, rays = lidar + camera.position, camera.directions()
    return _View(eye, rays, cast(eye, rays, world))


def _thermal(world: World, motion: Motion, camera: Camera, view: _View, light: Light, rng: np.random.Generator) -> F32:
    values = temperatures(view.eye, view.rays, view.hits, world, light, motion, rng)
    return thermal_image(camera.to_image(values), rng)


def _detections(
    world: World, motion: Motion, camera: Camera, lidar: F32, spec: RadarSpec, rng: np.random.Generator
) -> Detections:
    origin = np.array([RADAR_FORWARD_M, 0, RADAR_HEIGHT_M - lidar[2]], dtype=np.float32)
    mount = Mount(lidar + origin, np.eye(3, dtype=np.float32), motion.at(origin))
    scan = sweep(world, motion.velocity_mps, mount, spec, rng)
    place = scan.place + origin
    real = np.isfinite(place[:, 0])
    true_uv, _ = camera.project(np.where(real[:, None], place, camera.position))
    seen = _seen(place, true_uv, world, camera, lidar)
    uv, _ = camera.project(scan.points[:, :3] + origin)
    uv[~seen] = np.nan
    return Detections(scan.points, scan.point_class, uv, place[:, 0], origin, motion)


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
    return Scan(points[kept], world.label[which][kept], uv[kept], clean_seen, which)


def _seen(xyz: F32, uv: F32, world: World, camera: Camera, lidar: F32) -> Bool:
    """[N]: is a place in the image and not hidden from the camera? Sends a ray to it and sees whether it arrives."""
    seen = np.isfinite(uv[:, 0])
    towards = (xyz - camera.position)[seen]
    distance = np.linalg.norm(towards, axis=1)
    hits = cast(lidar + camera.position, towards / distance[:, None], world)
    # The slack covers rounding where a ray grazes the far ground.
    seen[seen] = hits.range_m > distance * np.float32(0.998) - np.float32(0.03)
    return seen
