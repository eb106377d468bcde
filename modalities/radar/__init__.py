"""Radar: clouds of points with Doppler and cross-section, and cubes over range, Doppler and angles."""

from xmodal.modalities.radar.base import RadarAdapter
from xmodal.modalities.radar.columns import COLUMNS
from xmodal.modalities.radar.motion import compensate, radar_velocity
from xmodal.modalities.radar.points_adapter import RadarPoints
from xmodal.modalities.radar.read import read_radar
from xmodal.modalities.radar.tensor_adapter import RadarTensor

__all__ = ["COLUMNS", "RadarAdapter", "RadarPoints", "RadarTensor", "compensate", "radar_velocity", "read_radar"]
