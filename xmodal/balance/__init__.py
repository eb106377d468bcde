"""How many losses and teachers share one gradient: `(terms, frame) -> scalar`."""

from xmodal.balance.fixed import FixedWeights

__all__ = ["FixedWeights"]
