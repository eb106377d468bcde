"""`street`: an embedded benchmark, one simulated world seen by a camera and a LiDAR."""

from xmodal.benchmarks.street.benchmark import Street

__all__ = ["Street"]
