"""Losses between attention maps, and between vocabulary distributions, that never hold the full matrix."""

__all__ = []
