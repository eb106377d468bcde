"""A pinhole camera: where its pixels look, and where a place in space falls in its image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from xmodal.benchmarks.street.spec import F32, PATCH_PX

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole without distortion.

    Attributes:
        position: [3] in some frame with x forward, y left, z up, in metres.
        rotation: [3, 3] rows are the camera's right, down and forward axes in that frame.
        focal_px: focal length. The principal point is the image's middle.
        image_px: (H, W).
    """

    position: F32
    rotation: F32
    focal_px: float
    image_px: tuple[int, int]

    def project(self, points: F32) -> tuple[F32, F32]:
        """Pixel coordinates [N, 2] of points [N, 3] and their depth [N] along the optical axis in metres.

        u runs to the right, v down, from the image's upper left corner: pixel (r, c) covers [c, c + 1) x [r, r + 1).
        NaN where a point is not in front of the camera or falls outside the image.
        """
        right, down, depth = ((points - self.position) @ self.rotation.T).T
        height, width = self.image_px
        with np.errstate(divide="ignore", invalid="ignore"):
            u = self.focal_px * right / depth + width / 2
            v = self.focal_px * down / depth + height / 2
            inside = (depth > 0.05) & (u >= 0) & (u < width) & (v >= 0) & (v < height)
        uv = np.stack([u, v], axis=1).astype(np.float32)
        uv[~inside] = np.nan
        return uv, depth

    def directions(self) -> F32:
        """[H * W, 3] unit vectors through the pixel centres, ordered patch by patch (see `to_image`)."""
        height, width = self.image_px
        v, u = np.meshgrid(
            (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / self.focal_px,
            (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / self.focal_px,
            indexing="ij",
        )
        rays = np.stack([u, v, np.ones_like(u)], axis=-1)
        rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
        patches = rays.reshape(height // PATCH_PX, PATCH_PX, width // PATCH_PX, PATCH_PX, 3).swapaxes(1, 2)
        return np.asarray((patches.reshape(-1, 3) @ self.rotation).astype(np.float32))

    def to_image(self, values: NDArray[T]) -> NDArray[T]:
        """Bring values [H * W, ...] of the rays of `directions` into rows and columns: [H, W, ...]."""
        height, width = self.image_px
        rest = values.shape[1:]
        patches = values.reshape(height // PATCH_PX, width // PATCH_PX, PATCH_PX, PATCH_PX, *rest)
        return patches.swapaxes(1, 2).reshape(height, width, *rest)


def aim(position: F32, pitch: float, roll: float, focal_px: float, image_px: tuple[int, int]) -> Camera:
    """A camera that looks along x, its nose lifted by `pitch` and turned about its axis by `roll`, in radians."""
    cp, sp, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    forward = np.array([cp, 0, sp])
    right, down = np.array([0, -1.0, 0]), np.array([sp, 0, -cp])
    rotation = np.stack([cr * right + sr * down, cr * down - sr * right, forward])
    return Camera(position, rotation.astype(np.float32), focal_px, image_px)
