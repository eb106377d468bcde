"""Standardised uptake: what PET values mean from one patient to the next.

SUV = activity concentration x body weight / injected dose, both at one time (tissue of 1 g/mL).
SUVR = value / mean value of a reference region, which needs neither weight nor dose.
"""

from __future__ import annotations

import math

from xmodal.errors import DataError
from xmodal.modalities.volume.pet_json import ACTIVITY_BQ_ML, PetInfo
from xmodal.modalities.volume.volume import Volume, need_same_grid, need_units


def suv(pet: Volume, info: PetInfo, weight_kg: float, frame: int | None = None) -> Volume:
    """Activity in Bq/mL (or kBq/mL, MBq/mL) to SUV (g/mL).

    Args:
        pet: units as `info.units` says.
        info: of the same scan.
        weight_kg: of the patient at the time of the scan.
        frame: which frame `pet` is; needed only where the image is not decay-corrected.

    Raises:
        DataError: units that differ; an impossible weight; a frame that is needed and not given.
    """
    need_units(pet, (info.units,), "SUV")
    return pet.with_data(pet.data * suv_factor(info, weight_kg, frame), "SUV")


def suv_factor(info: PetInfo, weight_kg: float, frame: int | None = None) -> float:
    """SUV of one unit of the image; arguments as in `suv`."""
    if not 0.1 <= weight_kg <= 1000:
        raise DataError("weight_kg", expected="kilograms from 0.1 to 1000", found=f"{weight_kg}")
    if info.corrected_to_s is None:
        time_s, gain = _frame_correction(info, frame)
    else:
        time_s, gain = info.corrected_to_s, 1.0
    dose_bq = info.dose_bq * 2.0 ** (-(time_s - info.dose_time_s) / info.half_life_s)
    factor: float = ACTIVITY_BQ_ML[info.units] * gain * weight_kg * 1000.0 / dose_bq
    return factor


def suvr(pet: Volume, reference: Volume) -> Volume:
    """Divide by the mean of a reference region (the cerebellum, for amyloid).

    Args:
        pet: SUV, or any activity concentration: the ratio is the same.
        reference: a mask on the same grid, non-zero inside the region.

    Raises:
        DataError: another grid; other units; a region without voxels or whose mean is not above 0.
    """
    need_units(pet, ("SUV", *ACTIVITY_BQ_ML), "SUVR")
    need_same_grid(pet, reference, "PET and reference region")
    inside = pet.data[reference.data != 0].double()
    mean = float(inside.mean()) if len(inside) else 0.0
    if not mean > 0:
        found = f"{len(inside)} voxels with mean {mean:g}"
        raise DataError("reference region", expected="voxels with a mean above 0", found=found)
    return pet.with_data((pet.data.double() / mean).float(), "SUVR")


def _frame_correction(info: PetInfo, frame: int | None) -> tuple[float, float]:
    """(start of the frame, factor from the mean activity during the frame to the activity at its start)."""
    count = len(info.frame_start_s)
    number = 0 if frame is None and count == 1 else frame
    if number is None or not 0 <= number < count:
        expected = f"a number below {count}, as the image is not decay-corrected"
        raise DataError("frame", expected=expected, found=f"{frame}")
    decay = math.log(2) * info.frame_duration_s[number] / info.half_life_s
    return info.frame_start_s[number], decay / -math.expm1(-decay)
