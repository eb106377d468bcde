"""Fusion: several sensors in one model, any of which may be absent."""

from xmodal.modalities.fusion.adapter import Fusion

__all__ = ["Fusion"]
