"""Tables: one row a sample, of numbers and categories, some of them missing."""

from xmodal.modalities.tabular.adapters import TabularMLP, TabularTransformer

__all__ = ["TabularMLP", "TabularTransformer"]
