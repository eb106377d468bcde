"""`mars`: mmWave radar points and Kinect skeletons of ten rehabilitation movements, frame by frame."""

from xmodal.benchmarks.mars.benchmark import Mars
from xmodal.benchmarks.mars.statistics import radar_statistics

__all__ = ["Mars", "radar_statistics"]
