"""A made-up data set in the original formats: two sites, twelve flat-roofed plots on a slope."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

WriteTiff = Callable[..., Path]
SIDE_PX, PIXEL_M = 40, 0.5


def lzw(data: bytes, chunk: int = 200) -> bytes:
    """Valid TIFF LZW that never builds a table: nine-bit literals, with a clear code before each chunk."""
    codes: list[int] = []
    for start in range(0, len(data), chunk):
        codes += [256, *data[start : start + chunk]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def tiff_bytes(
    pixels: NDArray[np.float32],
    *,
    scale: Sequence[float] | None = (PIXEL_M, PIXEL_M, 0.0),
    tie: Sequence[float] | None = (0.0, 0.0, 0.0, 500000.0, 4000000.0, 0.0),
    compressed: bool = False,
    point: bool = False,
    order: str = "<",
) -> bytes:
    """A TIFF of pixels [H, W, channels] with ten rows a strip, written from the TIFF 6.0 layout by hand."""
    height, width, channels = pixels.shape
    strips = [pixels[i : i + 10].astype(f"{order}f4").tobytes() for i in range(0, height, 10)]
    strips = [lzw(s) for s in strips] if compressed else strips
    body = b"II*\0" if order == "<" else b"MM\0*"
    body += bytes(4)
    starts = []
    for strip in strips:
        starts.append(len(body))
        body += strip
    longs: dict[int, Sequence[int]] = {256: [width], 257: [height], 258: [32] * channels, 259: [5 if compressed else 1]}
    longs |= {262: [1], 273: starts, 277: [channels], 278: [10], 279: [len(s) for s in strips], 339: [3] * channels}
    doubles = {33550: scale, 33922: tie}
    entries = {tag: (4, struct.pack(f"{order}{len(v)}I", *v), len(v)) for tag, v in longs.items()}
    entries |= {t: (12, struct.pack(f"{order}{len(v)}d", *v), len(v)) for t, v in doubles.items() if v is not None}
    if point:
        keys = (1, 1, 0, 1, 1025, 0, 1, 2)
        entries[34735] = (3, struct.pack(f"{order}8H", *keys), 8)
    directory = struct.pack(f"{order}H", len(entries))
    for tag, (kind, data, count) in sorted(entries.items()):
        if len(data) > 4:
            data, body = struct.pack(f"{order}I", len(body)), body + data
        directory += struct.pack(f"{order}HHI", tag, kind, count) + data
    return body[:4] + struct.pack(f"{order}I", len(body)) + body[8:] + directory + bytes(4)


@pytest.fixture
def write_tiff(tmp_path: Path) -> WriteTiff:
    """write_tiff(pixels, **as in tiff_bytes) -> path."""

    def write(pixels: NDArray[np.float32], **options: object) -> Path:
        path = tmp_path / "image.tif"
        path.write_bytes(tiff_bytes(pixels, **options))  # type: ignore[arg-type]
        return path

    return write


def write_las(path: Path, xyz: NDArray[np.float64], classification: NDArray[np.int64]) -> None:
    import laspy

    las = laspy.create(point_format=1, file_version="1.3")
    las.header.offsets, las.header.scales = np.floor(xyz.min(0)), np.full(3, 0.001)
    las.x, las.y, las.z = xyz.T
    las.classification = classification
    las.intensity = np.arange(len(xyz)) % 100 + 1
    las.return_number, las.number_of_returns = np.ones(len(xyz), int), np.full(len(xyz), 2)
    las.write(str(path))


def plot_points(corner: tuple[float, float], roof_m: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Ground on a slope of 10 %, a roof over x in [4, 8], y in [-8, -4] from the corner, and one noise point."""
    rng = np.random.default_rng(0)
    ground = np.column_stack([rng.uniform(0, 20, 800), rng.uniform(-20, 0, 800), np.zeros(800)])
    roof = np.column_stack([rng.uniform(4, 8, 100), rng.uniform(-8, -4, 100), np.full(100, roof_m)])
    bird = np.array([[6.0, -6.0, 120.0]])
    xyz = np.concatenate([ground, roof, bird])
    xyz[:, 2] += 1000 + 0.1 * xyz[:, 0]
    return xyz + np.array([*corner, 0.0]), np.repeat([2, 5, 7], [800, 100, 1])


PLOTS = [(site, i, (base + 100.0 * i, 4000000.0)) for site, base in (("MLBS", 5e5), ("OSBS", 4e5)) for i in range(1, 7)]


@pytest.fixture
def tree_root(tmp_path: Path) -> Path:
    """Twelve plots 100 m apart; in each, one tree under the roof and one on a corner of the plot."""
    import shapefile

    root = tmp_path / "idtrees"
    for folder in ("Field", "ITC", "RemoteSensing/RGB", "RemoteSensing/LAS"):
        (root / folder).mkdir(parents=True)
    rows = ["indvdID,siteID,taxonID,height"]
    for site in ("MLBS", "OSBS"):
        with shapefile.Writer(str(root / "ITC" / f"train_{site}")) as writer:
            writer.field("indvdID", "C", 80)
            for _, i, (x, y) in (p for p in PLOTS if p[0] == site):
                pixels = np.full((SIDE_PX, SIDE_PX, 3), 51, np.float32)
                pixels[8:16, 8:16] = 204  # the roof, at 0.5 m a pixel
                tie = (0, 0, 0, x, y, 0)
                name = root / "RemoteSensing" / "{}" / f"{site}_{i}"
                Path(f"{name}.tif".format("RGB")).write_bytes(tiff_bytes(pixels, tie=tie, compressed=i == 1))
                write_las(Path(f"{name}.las".format("LAS")), *plot_points((x, y), 5.0 + i))
                for tag, (left, top), height in (("A", (x + 4, y - 4), 5.5 + i), ("B", (x, y), 3.0)):
                    box = [[left, top - 4], [left, top], [left + 4, top], [left + 4, top - 4], [left, top - 4]]
                    writer.poly([box])
                    writer.record(f"{site}{i:02d}{tag}")
                    rows.append(f"{site}{i:02d}{tag},{site},{'QURU' if tag == 'A' else 'ACRU'},{height}")
    (root / "Field" / "train_data.csv").write_text("\n".join(rows) + "\n")
    return root


WriteHsi = Callable[..., Path]


def hsi_bytes(values: NDArray[np.int64], tie: Sequence[float] | None) -> bytes:
    """A TIFF of bands [C, H, W] as the competition stores them: int16, interleaved, at 1 m a pixel."""
    import io

    import tifffile

    tags = [] if tie is None else [(33550, "d", 3, (1.0, 1.0, 0.0), True), (33922, "d", 6, tuple(tie), True)]
    file = io.BytesIO()
    pixels = values.transpose(1, 2, 0).astype(np.int16)
    tifffile.imwrite(file, pixels, photometric="minisblack", planarconfig="contig", extratags=tags)
    return file.getvalue()


@pytest.fixture
def write_hsi(tmp_path: Path) -> WriteHsi:
    """write_hsi(plot, values [C, H, W], placed=True) -> path."""

    def write(plot: str, values: NDArray[np.int64], placed: bool = True) -> Path:
        path = tmp_path / f"{plot}.tif"
        path.write_bytes(hsi_bytes(values, (0.0, 0.0, 0.0, 500100.0, 4000000.0, 0.0) if placed else None))
        return path

    return write


@pytest.fixture
def hsi_root(tree_root: Path) -> Path:
    """The twelve plots with spectra: 0.4 under the roof and 0.1 around it, and no file for MLBS_6."""
    folder = tree_root / "RemoteSensing" / "HSI"
    folder.mkdir()
    for site, i, (x, y) in PLOTS:
        values = np.full((369, 20, 20), 1000)
        values[:, 4:8, 4:8] = 4000
        if (site, i) != ("MLBS", 6):
            (folder / f"{site}_{i}.tif").write_bytes(hsi_bytes(values, (0, 0, 0, x, y, 0)))
    return tree_root
