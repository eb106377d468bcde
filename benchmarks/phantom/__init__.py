"""`phantom`: an embedded benchmark, MRI and PET of simulated heads with a common disease behind both."""

from xmodal.benchmarks.phantom.benchmark import Phantom

__all__ = ["Phantom"]
