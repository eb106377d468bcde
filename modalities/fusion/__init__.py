"""Fusion: several sensors in one model, any of which may be absent; several networks on one sensor."""

from xmodal.modalities.fusion.adapter import Fusion
from xmodal.modalities.fusion.branches import Branches
from xmodal.modalities.fusion.privileged_stream import PrivilegedStream

__all__ = ["Branches", "Fusion", "PrivilegedStream"]
