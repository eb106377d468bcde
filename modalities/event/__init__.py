"""Event cameras: each pixel reports, on its own and within a microsecond, that it became brighter or darker."""

from xmodal.modalities.event.adapter import EventVoxel

__all__ = ["EventVoxel"]
