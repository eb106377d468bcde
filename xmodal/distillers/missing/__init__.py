"""Models that must answer with any of their sensors missing."""

__all__: list[str] = []
