"""The `_pet.json` beside a PET image: the fields that its quantities depend on, checked, in SI units."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from xmodal.errors import DataError

_LARGEST_BYTES = 2**22
_ABSURD = 1e12
_LONGEST_S = 30 * 86400.0
ACTIVITY_BQ_ML = {"Bq/mL": 1.0, "Bq/ml": 1.0, "kBq/mL": 1e3, "kBq/ml": 1e3, "MBq/mL": 1e6, "MBq/ml": 1e6}
_DOSE_BQ = {"Bq": 1.0, "kBq": 1e3, "MBq": 1e6, "GBq": 1e9, "uCi": 3.7e4, "mCi": 3.7e7}
HALF_LIFE_S = {
    "C11": 20.364 * 60,
    "N13": 9.965 * 60,
    "O15": 122.24,
    "F18": 109.77 * 60,
    "Cu64": 12.701 * 3600,
    "Ga68": 67.71 * 60,
    "Zr89": 78.41 * 3600,
}
"""Evaluated half-lives (ENSDF)."""


@dataclass(frozen=True, slots=True)
class PetInfo:
    """What the numbers of a PET image mean. Times are seconds after the TimeZero of the recording.

    Attributes:
        tracer: its name.
        half_life_s: of the radionuclide.
        units: of the image, a key of `ACTIVITY_BQ_ML`.
        dose_bq: the injected activity at `dose_time_s`.
        dose_time_s: InjectionStart. A site that gives the dose as of another time replaces it.
        frame_start_s, frame_duration_s: one a frame, in time order.
        corrected_to_s: the time that all frames were decay-corrected to; None if they were not.
    """

    tracer: str
    half_life_s: float
    units: str
    dose_bq: float
    dose_time_s: float
    frame_start_s: tuple[float, ...]
    frame_duration_s: tuple[float, ...]
    corrected_to_s: float | None


def read_pet_json(path: Path | str) -> PetInfo:
    """Read and check a `_pet.json`.

    Raises:
        DataError: missing, no JSON, or a field that is missing, of the wrong kind, in an unknown unit, or impossible.
    """
    path = Path(path)
    fields = _Fields(path, _load(path))
    starts, durations = fields.numbers("FrameTimesStart"), fields.numbers("FrameDuration")
    if len(starts) != len(durations):
        found = f"{len(starts)} and {len(durations)}"
        raise DataError(f"{path}: FrameTimesStart, FrameDuration", expected="one item a frame in both", found=found)
    if min(durations) <= 0:
        raise DataError(f"{path}: FrameDuration", expected="seconds above 0", found=f"{min(durations):g}")
    if any(b <= a for a, b in pairwise(starts)):
        raise DataError(f"{path}: FrameTimesStart", expected="rising seconds", found=f"{starts}")
    dose = fields.number("InjectedRadioactivity")
    if dose <= 0:
        raise DataError(f"{path}: InjectedRadioactivity", expected="a dose above 0", found=f"{dose:g}")
    corrected = fields.flag("ImageDecayCorrected")
    info = PetInfo(
        tracer=fields.text("TracerName"),
        half_life_s=HALF_LIFE_S[fields.choice("TracerRadionuclide", tuple(HALF_LIFE_S))],
        units=fields.choice("Units", tuple(ACTIVITY_BQ_ML)),
        dose_bq=dose * _DOSE_BQ[fields.choice("InjectedRadioactivityUnits", tuple(_DOSE_BQ))],
        dose_time_s=fields.number("InjectionStart"),
        frame_start_s=starts,
        frame_duration_s=durations,
        corrected_to_s=fields.number("ImageDecayCorrectionTime") if corrected else None,
    )
    times = {
        "InjectionStart": info.dose_time_s,
        "FrameTimesStart": max(map(abs, starts)),
        "FrameDuration": max(durations),
        "ImageDecayCorrectionTime": info.corrected_to_s or 0.0,
    }
    for name, time_s in times.items():
        if abs(time_s) > _LONGEST_S:
            raise DataError(f"{path}: {name}", expected=f"at most {_LONGEST_S:g} seconds", found=f"{time_s:g}")
    return info


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(path, expected="a _pet.json file", found="no such file")
    if path.stat().st_size > _LARGEST_BYTES:
        raise DataError(path, expected=f"at most {_LARGEST_BYTES} bytes", found=f"{path.stat().st_size}")
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(path, expected="a JSON object", found=f"text that is no JSON{place}") from error
    if not isinstance(value, dict):
        raise DataError(path, expected="a JSON object", found=f"a JSON {type(value).__name__}")
    return value


class _Fields:
    """Typed access to the fields of one file."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self.path, self.values = path, values

    def _wrong(self, name: str, expected: str) -> DataError:
        found = f"{self.values[name]!r:.60}" if name in self.values else "no such field"
        return DataError(f"{self.path}: {name}", expected=expected, found=found)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, "a text")
        return value

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or value not in known:
            raise self._wrong(name, f"one of {', '.join(known)}")
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def number(self, name: str) -> float:
        if not _is_number(self.values.get(name)):
            raise self._wrong(name, "a finite number")
        return float(self.values[name])

    def numbers(self, name: str) -> tuple[float, ...]:
        value = self.values.get(name)
        given: list[Any] = value if isinstance(value, list) else [value]
        if not given or not all(_is_number(item) for item in given):
            raise self._wrong(name, "a list of finite numbers, one a frame")
        return tuple(float(item) for item in given)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _ABSURD  # False for NaN and infinity
