"""The losses of `xmodal.losses.attention`, for the tests that every loss passes."""

from losses.case import Case

CASES: dict[str, Case] = {}
