"""Pictures of some scenes: `python -m xmodal.benchmarks.street.preview OUT.png [--seed 0] [--count 4]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from xmodal.benchmarks.street.scene import Scene, make_scene
from xmodal.benchmarks.street.spec import CLASSES, PALETTE, U8

_SKY = np.array([[235, 245, 255]], dtype=np.uint8)


def class_picture(scene: Scene) -> U8:
    """[H, W, 3]: every pixel in the colour of its class."""
    return np.concatenate([PALETTE, _SKY])[scene.pixel_class]


def draw(path: Path, seed: int, count: int, first: int = 0) -> None:
    """Write a picture with one row a scene: image, classes, depth, and the points in the image and from above."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import Patch

    figure, axes = plt.subplots(2 * count, 3, figsize=(20, 6 * count), squeeze=False, height_ratios=[3, 5] * count)
    for row in range(count):
        scene = make_scene(seed, first + row)
        upper, lower = axes[2 * row], axes[2 * row + 1]
        upper[0].imshow(scene.image.transpose(1, 2, 0))
        upper[0].set_title(f"scene {first + row}: {scene.condition}, {len(scene.points)} points")
        upper[1].imshow(class_picture(scene))
        upper[2].imshow(1 / scene.depth_m, cmap="magma", vmax=0.2)
        colour = PALETTE[scene.point_class] / 255
        lower[0].imshow(scene.image.transpose(1, 2, 0) // 3)
        lower[0].scatter(*scene.uv_px.T, s=2, c=colour, linewidths=0)
        for axis, shade in ((lower[1], colour), (lower[2], scene.points[:, 3])):
            axis.scatter(scene.points[:, 0], scene.points[:, 1], s=3, c=shade, linewidths=0)
            axis.set(xlim=(0, 50), ylim=(-14, 14), aspect="equal")
        for axis in (*upper, lower[0]):
            axis.set_axis_off()
    keys = [Patch(color=c / 255, label=name) for name, c in zip(CLASSES, PALETTE, strict=True)]
    figure.legend(handles=keys, loc="lower center", ncols=len(CLASSES))
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(path, dpi=70)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m xmodal.benchmarks.street.preview", description=__doc__)
    parser.add_argument("out", type=Path, help="the PNG to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--first", type=int, default=0, help="index of the first scene")
    arguments = parser.parse_args()
    draw(arguments.out, arguments.seed, arguments.count, arguments.first)


if __name__ == "__main__":
    main()
