"""Rasters: images of any number of measured bands, such as hyperspectral, depth, thermal, canopy height."""

from xmodal.modalities.raster.adapter import RasterConv

__all__ = ["RasterConv"]
