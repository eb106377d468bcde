"""The frames of KITTI object in a folder."""

from __future__ import annotations

from pathlib import Path

from xmodal.benchmarks.kitti.frame import LAYOUT, SOURCE, read_frame
from xmodal.benchmarks.kitti.labels import CLASSES
from xmodal.data.sample import Sample
from xmodal.errors import DataError


class KittiObject:
    """Camera, LiDAR and boxes of 7,481 training and 7,518 testing frames (A. Geiger et al., CVPR 2012).

    Neighbouring frames of one drive look alike, so a split made by frame leaks; the drive of each frame stands in the
    mapping of the development kit. This class only reads.

    Args:
        root: the folder that holds `training` and `testing`.
        split: "training" (with labels) or "testing" (without).

    Raises:
        DataError: the folder is missing or holds no frames; the text says where to get them.
    """

    name = "kitti"
    licence = "CC BY-NC-SA 3.0: not for commercial use"
    layout = LAYOUT
    source = SOURCE
    classes = CLASSES

    def __init__(self, root: Path | str, split: str = "training") -> None:
        self.root, self.split = Path(root), split
        if split not in ("training", "testing"):
            raise DataError("split of KITTI object", expected="'training' or 'testing'", found=f"{split!r}")
        images = self.root / split / "image_2"
        if not images.is_dir():
            raise DataError(images, expected=f"the layout {LAYOUT} ({SOURCE})", found="no such folder")
        self.frame_ids = tuple(sorted(path.stem for path in images.glob("*.png")))
        if not self.frame_ids:
            raise DataError(images, expected=f"images such as 000000.png ({SOURCE})", found="none")

    def __len__(self) -> int:
        return len(self.frame_ids)

    def sample(self, number: int) -> Sample:
        """Frame `number` in the order of the frame ids, as `read_frame` gives it."""
        if not 0 <= number < len(self):
            raise IndexError(f"frame {number} of {len(self)}")
        return read_frame(self.root, self.frame_ids[number], self.split)
