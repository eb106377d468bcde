"""The truth that a scene states about its two sensors agrees with itself."""

from dataclasses import fields, replace

import numpy as np
import pytest

from xmodal.benchmarks.street.objects import Objects
from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CLASSES, CONDITIONS, PALETTE, PATCH_PX, SKY, StreetSpec
from xmodal.errors import ConfigError

CLEAN = StreetSpec(noise_m=0, dropout=0)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(11, i) for i in range(12)]


@pytest.fixture(scope="module")
def clean() -> list[Scene]:
    return [make_scene(11, i, CLEAN) for i in range(6)]


def pixels_of(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row numbers of the points that the camera sees, and their pixels' rows and columns."""
    seen = np.flatnonzero(np.isfinite(scene.uv_px[:, 0]))
    uv = scene.uv_px[seen].astype(int)
    return seen, uv[:, 1], uv[:, 0]


def near_edge(label: np.ndarray) -> np.ndarray:
    """Pixels with another class among their eight neighbours."""
    padded = np.pad(label, 1, mode="edge")
    height, width = label.shape
    shifts = [padded[r : r + height, c : c + width] for r in range(3) for c in range(3)]
    return np.any([s != label for s in shifts], axis=0)


def assert_same(a: Scene, b: Scene, names: tuple[str, ...]) -> None:
    for name in names:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_types_and_shapes(scenes: list[Scene]) -> None:
    for s in scenes:
        assert (s.image.shape, s.image.dtype) == ((3, 64, 192), np.uint8)
        assert (s.pixel_class.shape, s.pixel_class.dtype) == ((64, 192), np.int8)
        assert (s.depth_m.shape, s.depth_m.dtype) == ((64, 192), np.float32)
        assert (s.points.shape[1], s.points.dtype) == (4, np.float32)
        assert (s.point_class.shape, s.point_class.dtype) == (s.points.shape[:1], np.int8)
        assert (s.uv_px.shape, s.uv_px.dtype) == ((len(s.points), 2), np.float32)
        assert (s.clean_seen.shape, s.clean_seen.dtype) == ((8, 24), np.bool_)
        assert s.condition in CONDITIONS
        assert np.isfinite(s.points).all()
        assert s.points[:, 3].min() >= 0
        assert s.points[:, 3].max() <= 1
        assert 0 <= s.point_class.min() <= s.point_class.max() < len(CLASSES)
        assert 3000 < len(s.points) < 6000
    assert PALETTE.shape == (len(CLASSES), 3)


def test_the_same_arguments_give_the_same_scene() -> None:
    arrays = tuple(f.name for f in fields(Scene) if f.name not in ("camera", "condition", "lidar_height_m", "objects"))
    a, b = make_scene(3, 7), make_scene(3, 7)
    assert_same(a, b, arrays)
    for f in fields(Objects):
        np.testing.assert_array_equal(getattr(a.objects, f.name), getattr(b.objects, f.name))
    assert (a.condition, a.lidar_height_m) == (b.condition, b.lidar_height_m)


@pytest.mark.parametrize(("seed", "index"), [(3, 8), (4, 7), (7, 3)])
def test_another_seed_or_index_gives_another_scene(seed: int, index: int) -> None:
    assert not np.array_equal(make_scene(3, 7).depth_m, make_scene(seed, index).depth_m)


def test_lidar_settings_leave_world_and_image_alone() -> None:
    a, b = make_scene(3, 7), make_scene(3, 7, StreetSpec(full_spin=True, beams=16, noise_m=0.1))
    assert_same(a, b, ("image", "pixel_class", "depth_m"))


def test_uv_is_the_pinhole_projection_of_the_points(scenes: list[Scene]) -> None:
    for s in scenes:
        seen, _, _ = pixels_of(s)
        right, down, depth = s.camera.rotation @ (s.points[seen, :3] - s.camera.position).T
        focal = 96 / np.tan(np.radians(33))
        np.testing.assert_allclose(s.uv_px[seen, 0], focal * right / depth + 96, atol=2e-3)
        np.testing.assert_allclose(s.uv_px[seen, 1], focal * down / depth + 32, atol=2e-3)
        assert (s.uv_px[seen] >= 0).all()
        assert (s.uv_px[seen] < [192, 64]).all()


def test_the_camera_is_a_rotation_that_looks_ahead(scenes: list[Scene]) -> None:
    for s in scenes:
        np.testing.assert_allclose(s.camera.rotation @ s.camera.rotation.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(s.camera.rotation) == pytest.approx(1, abs=1e-5)
        assert s.camera.rotation[2, 0] > 0.98


def test_depth_at_uv_is_the_depth_of_the_point(clean: list[Scene]) -> None:
    for s in clean:
        seen, row, column = pixels_of(s)
        depth = ((s.points[seen, :3] - s.camera.position) @ s.camera.rotation[2]).astype(np.float64)
        smooth = ~near_edge(s.pixel_class)[row, column] & (s.pixel_class[row, column] >= 2)
        # A pixel's depth is that of its middle: half a pixel away the surface may lie a little deeper.
        error = np.abs(s.depth_m[row, column] - depth)[smooth]
        assert np.median(error) < 0.05
        assert (error < 0.1 + 0.05 * depth[smooth]).mean() > 0.93


def test_point_class_is_pixel_class_away_from_edges(scenes: list[Scene]) -> None:
    agreed = inside = 0
    for s in scenes:
        seen, row, column = pixels_of(s)
        smooth = ~near_edge(s.pixel_class)[row, column]
        agreed += int((s.pixel_class[row, column] == s.point_class[seen])[smooth].sum())
        inside += int(smooth.sum())
    assert agreed / inside > 0.995


def test_some_points_in_the_image_are_hidden_from_the_camera(clean: list[Scene]) -> None:
    """The parallax is real: what is called hidden lies behind the surface that the camera sees there."""
    hidden_deeper = hidden = 0
    for s in clean:
        uv, depth = s.camera.project(s.points[:, :3])
        in_image = np.isfinite(uv[:, 0]) & np.isnan(s.uv_px[:, 0])
        column, row = uv[in_image].astype(int).T
        hidden_deeper += int((s.depth_m[row, column] < depth[in_image] - 0.05).sum())
        hidden += int(in_image.sum())
    assert hidden > 20 * len(clean)
    assert hidden_deeper / hidden > 0.75


def test_noise_and_dropout_are_as_asked(scenes: list[Scene], clean: list[Scene]) -> None:
    for noisy, exact in zip(scenes, clean, strict=False):
        assert 0.03 < 1 - len(noisy.points) / len(exact.points) < 0.15
        bearing = np.round(noisy.points[:, :3] / np.linalg.norm(noisy.points[:, :3], axis=1, keepdims=True), 3)
        truth = np.round(exact.points[:, :3] / np.linalg.norm(exact.points[:, :3], axis=1, keepdims=True), 3)
        ranges = {tuple(b): float(r) for b, r in zip(truth, np.linalg.norm(exact.points[:, :3], axis=1), strict=True)}
        measured = np.linalg.norm(noisy.points[:, :3], axis=1)
        errors = np.array([r - ranges[tuple(b)] for b, r in zip(bearing, measured, strict=True) if tuple(b) in ranges])
        assert len(errors) > 3000
        assert errors.std() == pytest.approx(0.025, rel=0.1)


def test_clean_seen_marks_the_patches_of_the_clean_scan(scenes: list[Scene], clean: list[Scene]) -> None:
    for noisy, exact in zip(scenes, clean, strict=False):
        _, row, column = pixels_of(exact)
        expected = np.zeros((8, 24), dtype=bool)
        expected[row // PATCH_PX, column // PATCH_PX] = True
        np.testing.assert_array_equal(exact.clean_seen, expected)
        np.testing.assert_array_equal(noisy.clean_seen, expected)


def test_sky_is_ignored_and_infinitely_far(scenes: list[Scene]) -> None:
    for s in scenes:
        np.testing.assert_array_equal(s.pixel_class == SKY, np.isinf(s.depth_m))
    assert np.mean([s.pixel_class == SKY for s in scenes]) > 0.05


def test_full_spin_sees_behind() -> None:
    ahead, around = make_scene(3, 7), make_scene(3, 7, StreetSpec(full_spin=True))
    assert (ahead.points[:, 0] > 0).all()
    assert (around.points[:, 0] < -1).mean() > 0.3
    assert len(around.points) > 2.5 * len(ahead.points)


def test_every_class_and_condition_occurs() -> None:
    some = [make_scene(0, i) for i in range(24)]
    share = np.bincount(np.concatenate([s.pixel_class.ravel() for s in some]) + 1, minlength=len(CLASSES) + 1)
    assert (share / share.sum() > 0.005).all()
    assert {s.condition for s in some} == set(CONDITIONS)


def test_other_image_sizes() -> None:
    scene = make_scene(0, 0, StreetSpec(image_px=(32, 64), fov_deg=60))
    assert scene.image.shape == (3, 32, 64)
    assert scene.clean_seen.shape == (4, 8)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"image_px": (60, 192)}, "image_px"),
        ({"fov_deg": 180.0}, "fov_deg"),
        ({"beams": 0}, "beams"),
        ({"dropout": 1.0}, "dropout"),
        ({"elevation_deg": (10.0, -10.0)}, "elevation_deg"),
    ],
)
def test_a_spec_that_cannot_be_names_the_rule(change: dict[str, object], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        replace(StreetSpec(), **change)


def test_negative_index_is_refused() -> None:
    with pytest.raises(ConfigError, match="index=-1"):
        make_scene(0, -1)
