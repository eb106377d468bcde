"""`street`, `street_bev` and `street_places`: embedded benchmarks, simulated streets seen by four kinds of sensor."""

from xmodal.benchmarks.street.benchmark import Street
from xmodal.benchmarks.street.bev import StreetBEV
from xmodal.benchmarks.street.places import StreetPlaces

__all__ = ["Street", "StreetBEV", "StreetPlaces"]
