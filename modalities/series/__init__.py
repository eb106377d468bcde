"""Series: skeletons, inertial sensors, skin response, ECG; any values [T, C] that change over time."""

from xmodal.modalities.series.base import SeriesAdapter
from xmodal.modalities.series.conv import SeriesConv
from xmodal.modalities.series.transformer import SeriesTransformer

__all__ = ["SeriesAdapter", "SeriesConv", "SeriesTransformer"]
