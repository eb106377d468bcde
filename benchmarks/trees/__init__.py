"""`trees`, `tree_species`: real LiDAR, RGB and hyperspectral pixels of single forest trees (IDTReeS 2020)."""

from xmodal.benchmarks.trees.benchmark import Trees
from xmodal.benchmarks.trees.sample import Window
from xmodal.benchmarks.trees.species import TreeSpecies

__all__ = ["TreeSpecies", "Trees", "Window"]
