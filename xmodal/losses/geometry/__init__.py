"""Losses between maps and tokens that lie in space: foreground masks, key points, superpixels."""

__all__ = []
