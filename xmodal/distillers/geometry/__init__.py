"""Tokens and maps that lie in one space are compared: paired points and pixels, foreground, key points."""

from xmodal.distillers.geometry.amfd import AMFD
from xmodal.distillers.geometry.bev_distill import BEVDistill
from xmodal.distillers.geometry.crkd import CRKD
from xmodal.distillers.geometry.dense_regression import DenseRegressionKD
from xmodal.distillers.geometry.fasd import FASD
from xmodal.distillers.geometry.foreground_match import ForegroundMatch
from xmodal.distillers.geometry.fused_branch import FusedBranch
from xmodal.distillers.geometry.hilda import HilDA
from xmodal.distillers.geometry.layer_points import LayerPoints
from xmodal.distillers.geometry.occupancy_diffusion import OccupancyDiffusion
from xmodal.distillers.geometry.place_recognition import PlaceRecognition
from xmodal.distillers.geometry.point_pixel import PointPixel
from xmodal.distillers.geometry.point_pixel_contrast import PointPixelContrast
from xmodal.distillers.geometry.point_pixel_mlp import PointPixelMLP
from xmodal.distillers.geometry.radar_distill import RadarDistill
from xmodal.distillers.geometry.superpixel_contrast import SuperpixelContrast
from xmodal.distillers.geometry.surface_occupancy import SurfaceOccupancy
from xmodal.distillers.geometry.token_align import TokenAlign
from xmodal.distillers.geometry.uni_distill import UniDistill

__all__ = [
    "AMFD",
    "CRKD",
    "FASD",
    "BEVDistill",
    "DenseRegressionKD",
    "ForegroundMatch",
    "FusedBranch",
    "HilDA",
    "LayerPoints",
    "OccupancyDiffusion",
    "PlaceRecognition",
    "PointPixel",
    "PointPixelContrast",
    "PointPixelMLP",
    "RadarDistill",
    "SuperpixelContrast",
    "SurfaceOccupancy",
    "TokenAlign",
    "UniDistill",
]
