"""`trees`: real LiDAR and RGB of single forest trees (IDTReeS 2020), height from the field."""

from xmodal.benchmarks.trees.benchmark import Trees
from xmodal.benchmarks.trees.sample import Window

__all__ = ["Trees", "Window"]
