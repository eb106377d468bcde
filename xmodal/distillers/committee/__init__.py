"""Several teachers, or several snapshots of one, teach together."""

__all__: list[str] = []
