"""The sounds of the ten English digit words: formants, durations and sources of each, for an adult male tract.

Vowel formants are rounded from the averages that Peterson and Barney measured (JASA 24, 1952); consonants follow the
usual locus and friction values of acoustic phonetics. Frequencies above 4 kHz do not exist at 8 kHz sampling: /s/ and
/z/ keep their lower edge only, as on a telephone.
"""

from __future__ import annotations

from dataclasses import dataclass

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Phone:
    """One sound.

    Attributes:
        duration_ms: at a speaking rate of 1.
        formants_hz: targets of the first three resonances.
        voice: amplitude of the glottal pulses.
        breath: amplitude of noise from the glottis, which passes the formants.
        hiss: amplitude of friction noise made at the constriction, which does not.
        hiss_hz, hiss_width_hz: centre and width of the friction band.
    """

    duration_ms: float
    formants_hz: tuple[float, float, float]
    voice: float = 1.0
    breath: float = 0.0
    hiss: float = 0.0
    hiss_hz: float = 3000.0
    hiss_width_hz: float = 1500.0


PHONES: dict[str, Phone] = {
    "ih": Phone(90, (390, 1990, 2550)),
    "iy": Phone(170, (270, 2290, 3010)),
    "eh": Phone(120, (530, 1840, 2480)),
    "e": Phone(90, (470, 2000, 2550)),
    "ah": Phone(120, (640, 1190, 2390)),
    "uh": Phone(60, (500, 1400, 2400)),
    "aa": Phone(120, (730, 1090, 2440)),
    "ao": Phone(150, (570, 840, 2410)),
    "o": Phone(90, (490, 910, 2450)),
    "uw": Phone(150, (300, 870, 2240)),
    "r": Phone(70, (430, 1250, 1600), voice=0.8),
    "w": Phone(70, (300, 610, 2200), voice=0.6),
    "n": Phone(80, (260, 1500, 2600), voice=0.35),
    "v": Phone(60, (230, 1100, 2200), voice=0.3, hiss=0.06, hiss_hz=2500, hiss_width_hz=2500),
    "z": Phone(90, (250, 1600, 2500), voice=0.25, hiss=0.25, hiss_hz=3900, hiss_width_hz=700),
    "s": Phone(120, (300, 1700, 2600), voice=0.0, hiss=0.45, hiss_hz=3900, hiss_width_hz=700),
    "f": Phone(110, (300, 1100, 2200), voice=0.0, hiss=0.09, hiss_hz=2500, hiss_width_hz=3000),
    "th": Phone(100, (300, 1400, 2500), voice=0.0, hiss=0.07, hiss_hz=3200, hiss_width_hz=2000),
    "gap": Phone(55, (300, 1700, 2500), voice=0.0),
    "t": Phone(25, (350, 1750, 2600), voice=0.0, breath=0.15, hiss=0.4, hiss_hz=3500, hiss_width_hz=1200),
    "k": Phone(25, (350, 1900, 2400), voice=0.0, breath=0.2, hiss=0.25, hiss_hz=2000, hiss_width_hz=700),
    "h": Phone(35, (350, 1300, 2400), voice=0.0, breath=0.3),
}

WORDS: tuple[tuple[str, ...], ...] = (
    ("z", "ih", "r", "o", "uw"),
    ("w", "ah", "n"),
    ("gap", "t", "h", "uw"),
    ("th", "r", "iy"),
    ("f", "ao", "r"),
    ("f", "aa", "ih", "v"),
    ("s", "ih", "gap", "k", "s"),
    ("s", "eh", "v", "uh", "n"),
    ("e", "iy", "gap", "t"),
    ("n", "aa", "ih", "n"),
)
"""The sounds of each word of `DIGITS`."""
