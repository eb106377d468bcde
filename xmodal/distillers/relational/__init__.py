"""Relations between samples, or between tokens, are compared."""

from xmodal.distillers.relational.rkd import Relational

__all__ = [
    "Relational",
]
