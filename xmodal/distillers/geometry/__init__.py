"""Tokens and maps that lie in one space are compared: paired points and pixels, foreground, key points."""

from xmodal.distillers.geometry.dense_regression import DenseRegressionKD
from xmodal.distillers.geometry.fused_branch import FusedBranch
from xmodal.distillers.geometry.hilda import HilDA
from xmodal.distillers.geometry.layer_points import LayerPoints
from xmodal.distillers.geometry.occupancy_diffusion import OccupancyDiffusion
from xmodal.distillers.geometry.place_recognition import PlaceRecognition
from xmodal.distillers.geometry.point_pixel import PointPixel
from xmodal.distillers.geometry.point_pixel_contrast import PointPixelContrast
from xmodal.distillers.geometry.point_pixel_mlp import PointPixelMLP
from xmodal.distillers.geometry.superpixel_contrast import SuperpixelContrast
from xmodal.distillers.geometry.surface_occupancy import SurfaceOccupancy
from xmodal.distillers.geometry.token_align import TokenAlign

__all__ = [
    "DenseRegressionKD",
    "FusedBranch",
    "HilDA",
    "LayerPoints",
    "OccupancyDiffusion",
    "PlaceRecognition",
    "PointPixel",
    "PointPixelContrast",
    "PointPixelMLP",
    "SuperpixelContrast",
    "SurfaceOccupancy",
    "TokenAlign",
]
