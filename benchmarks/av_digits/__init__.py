"""`av_digits`: MNIST images and recordings of the Free Spoken Digit Dataset, paired by label (the AV-MNIST idea)."""

from xmodal.benchmarks.av_digits.benchmark import AvDigits

__all__ = ["AvDigits"]
