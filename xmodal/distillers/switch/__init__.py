"""The student's features run through a part of the frozen teacher, or ask it questions."""

__all__: list[str] = []
