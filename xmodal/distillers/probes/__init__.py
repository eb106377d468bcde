"""Features and what simple probes read from them are compared."""

__all__: list[str] = []
