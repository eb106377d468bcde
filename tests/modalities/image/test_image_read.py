"""Reading photographs, whole and damaged."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from xmodal.errors import DataError
from xmodal.modalities.image.read import read_image

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def encoded(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, kind)
    return stream.getvalue()


def test_png_comes_back_pixel_for_pixel(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded("PNG"))
    image = read_image(path)
    assert image.dtype == torch.uint8
    assert image.is_contiguous()
    assert torch.equal(image, torch.from_numpy(PIXELS).permute(2, 0, 1))


def test_jpeg_comes_back_close(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (16, 8), (200, 30, 90)).save(path)
    image = read_image(path)
    assert image.shape == (3, 8, 16)
    assert (image.float().mean((1, 2)) - torch.tensor([200.0, 30, 90])).abs().max() < 4


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
def test_other_modes_become_three_channels(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(PIXELS).convert(mode).save(path)
    assert read_image(path).shape == (3, 6, 9)


def test_more_than_8_bits_are_refused_rather_than_clipped(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((4, 4), 40000, dtype=np.uint16)).save(path)
    with pytest.raises(DataError, match=r"a\.png: expected an image with 8 bits a channel, found an image of mode 'I"):
        read_image(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_cut_file_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path, data = tmp_path / "cut", encoded(kind)
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DataError, match=r"cut: expected a complete PNG or JPEG image, found \d+ bytes"):
        read_image(path)


def test_text_and_other_formats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for data in (b"not an image", encoded("BMP"), encoded("TIFF")):
        path.write_bytes(data)
        with pytest.raises(DataError, match=r"a\.png: expected a complete PNG or JPEG"):
            read_image(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.png: expected a PNG or JPEG image, found no such file"):
        read_image(tmp_path / "nothing.png")


def test_every_changed_byte_of_a_png_gives_the_pixels_or_a_data_error(tmp_path: Path) -> None:
    path, data = tmp_path / "a.png", encoded("PNG")
    refused = 0
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            image = read_image(path)
        except DataError:
            refused += 1
        else:
            assert torch.equal(image, torch.from_numpy(PIXELS).permute(2, 0, 1)), place
    assert refused > 0.9 * len(data)


def test_changed_jpegs_give_an_image_or_a_data_error(tmp_path: Path) -> None:
    path, data = tmp_path / "a.jpg", encoded("JPEG")
    random = np.random.default_rng(0)
    for _ in range(300):
        place, value = int(random.integers(len(data))), int(random.integers(256))
        path.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
        with contextlib.suppress(DataError):
            assert read_image(path).shape[0] == 3
