"""Read a PET image together with the `_pet.json` that says what its numbers mean."""

from __future__ import annotations

from pathlib import Path

from xmodal.errors import DataError
from xmodal.modalities.volume.bids import Scan
from xmodal.modalities.volume.nifti import Frame, count_frames, read_nifti
from xmodal.modalities.volume.pet_json import PetInfo, read_pet_json
from xmodal.modalities.volume.volume import Volume


def read_pet(scan: Scan, frame: Frame = None) -> tuple[Volume, PetInfo]:
    """One volume of a PET scan, in the units of its `_pet.json`, and what that file says.

    Args:
        scan: from `find_scans(root, "pet")`.
        frame: a frame's number, or "mean": the mean weighted by the durations of the frames. A scan with one frame
            needs none.

    Raises:
        DataError: as `read_nifti` and `read_pet_json`; or the two disagree about the number of frames.
    """
    info = read_pet_json(scan.sidecar or Path(f"{scan.image}: its _pet.json"))
    frames = count_frames(scan.image)
    if frames != len(info.frame_start_s):
        where = f"{scan.image} and its _pet.json"
        raise DataError(where, expected=f"{len(info.frame_start_s)} frames, as FrameTimesStart", found=f"{frames}")
    weights = info.frame_duration_s if frame == "mean" else None
    return read_nifti(scan.image, units=info.units, frame=frame, weights=weights), info
