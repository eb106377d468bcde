"""Files of the benchmarks whose data have layouts of their own: digits, MARS, phone and watch, hyperspectral trees."""

import gzip
from functools import partial

import numpy as np

from fuzzing.case import Case, fixtures, stored, under
from xmodal.benchmarks.av_digits.idx import read_idx
from xmodal.benchmarks.mars.radar import read_radar
from xmodal.benchmarks.mars.skeleton import read_skeletons
from xmodal.benchmarks.phone_watch.recording import read_recording
from xmodal.benchmarks.trees.geotiff import read_georeference
from xmodal.benchmarks.trees.hsi import FILE_BANDS, read_hsi

DIGITS, MARS, PHONE = (fixtures(f"benchmarks/{name}") for name in ("av_digits", "mars", "phone_watch"))
_IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def _hsi(path):
    import tifffile

    values = np.random.default_rng(0).integers(0, 9000, (FILE_BANDS, 3, 4)).astype("<i2")
    georeference = [(33550, "d", 3, (1.0, 1.0, 0.0), True), (33922, "d", 6, (0, 0, 0, 5e5, 4e6, 0), True)]
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig="separate", extratags=georeference)


def _phone(path):
    PHONE.write(path, PHONE.rows(1, 1, "sp")[::20])


CASES = [
    Case("av_digits.idx", stored("a.gz", lambda: DIGITS.idx_bytes(_IMAGES)), partial(read_idx, axes=3)),
    Case(
        "av_digits.idx.inside",
        stored("a.gz", lambda: DIGITS.idx_bytes(_IMAGES)),
        partial(read_idx, axes=3),
        gzip.decompress,
        partial(gzip.compress, compresslevel=1),
    ),
    Case("mars.radar", under("a.mat", lambda p: MARS.write_mat(p, MARS.radar_table(1, 2, 12))), read_radar),
    Case(
        "mars.skeleton", under("a.csv", lambda p: MARS.write_csv(p, MARS.skeleton_table(1, "test")[:6])), read_skeletons
    ),
    Case("phone_watch", under("a.csv", _phone), read_recording),
    Case("trees.hsi", under("a.tif", _hsi), read_hsi),
    Case("trees.georeference", under("a.tif", _hsi), read_georeference),
]
"""Every file of a benchmark that has a format of its own."""
