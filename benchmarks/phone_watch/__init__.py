"""`phone_watch`: a phone and a watch worn together, five activities; two sensors without a gap between them."""

from xmodal.benchmarks.phone_watch.benchmark import PhoneWatch

__all__ = ["PhoneWatch"]
