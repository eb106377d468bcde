"""`street` and `street_places`: embedded benchmarks, simulated streets seen by camera, LiDAR, radar, thermal camera."""

from xmodal.benchmarks.street.benchmark import Street
from xmodal.benchmarks.street.places import StreetPlaces

__all__ = ["Street", "StreetPlaces"]
