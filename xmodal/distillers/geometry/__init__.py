"""Tokens and maps that lie in one space are compared: paired points and pixels, foreground, key points."""

from xmodal.distillers.geometry.token_align import TokenAlign

__all__ = [
    "TokenAlign",
]
