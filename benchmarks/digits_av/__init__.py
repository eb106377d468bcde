"""`digits_av`: an embedded benchmark, handwritten digits photographed badly, spoken by synthetic voices, captioned."""

from xmodal.benchmarks.digits_av.benchmark import DigitsAV

__all__ = ["DigitsAV"]
