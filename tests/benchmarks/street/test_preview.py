"""The preview command writes a picture."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xmodal.benchmarks.street.preview import class_picture, main
from xmodal.benchmarks.street.scene import make_scene
from xmodal.benchmarks.street.spec import CAR, PALETTE


def test_class_picture_uses_the_palette() -> None:
    scene = make_scene(0, 0)
    picture = class_picture(scene)
    np.testing.assert_array_equal((picture == PALETTE[CAR]).all(axis=-1), scene.pixel_class == CAR)


def test_the_command_writes_a_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "street.png"
    monkeypatch.setattr(sys, "argv", ["preview", str(out), "--count", "1"])
    main()
    with Image.open(out) as image:
        assert image.format == "PNG"
        assert np.asarray(image).std() > 10
