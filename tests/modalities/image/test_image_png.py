"""PNG files that promise more than they hold."""

import struct
import zlib

import pytest
from PIL import Image

from xmodal.errors import DataError
from xmodal.modalities.image.read import LARGEST_PIXELS, read_image


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, data=b"", extra=b""):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def test_a_small_one_written_by_hand_is_read(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1, b"\0" + bytes(range(6)), chunk(b"tEXt", b"Title\0made")))
    assert read_image(path).flatten(1).T.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_chunk_of_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1, extra=struct.pack(">I4s", 2**31 - 1, b"tEXt")))
    with pytest.raises(DataError, match=r"found \d+ bytes, and a chunk b'tEXt' at byte 33 that asks for 2147483647"):
        read_image(path)


def test_a_file_that_ends_between_chunks_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1)[:-12])
    with pytest.raises(DataError, match="bytes without a last chunk IEND"):
        read_image(path)


def test_pixels_that_the_file_has_no_room_for_are_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(8000, 8000))
    with pytest.raises(
        DataError, match=r"size: expected a file that has room for its pixels, found \d+ bytes for 8,000"
    ):
        read_image(path)


def test_too_many_pixels_are_refused_whatever_the_file_holds(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (8192, LARGEST_PIXELS // 8192 + 1)).save(path)
    with pytest.raises(DataError, match="size: expected at most 67,108,864 pixels, found 8,192 x 8,193"):
        read_image(path)
