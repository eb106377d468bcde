"""Models that must answer with any of their sensors missing."""

from xmodal.distillers.missing.purify_then_align import PurifyThenAlign

__all__ = [
    "PurifyThenAlign",
]
