"""What all pictures share: names that fit, and ends of a scale that can be told apart."""

import pytest

from xmodal.report.drawing import between, shortened


def test_names_that_fit_stay_and_others_lose_their_end():
    assert shortened("short", 5) == "short"
    assert shortened("a name of words", 7) == "a name…"
    assert len(shortened("x" * 50, 20)) == 20
    assert shortened(12, 5) == "12"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 5.0, ("0", "5")),
        (-1.23456, 2.0, ("-1.23", "2")),
        (100000.0, 100003.0, ("100000", "100003")),
        (2.0, 2.0, ("2", "2")),
    ],
)
def test_ends_of_a_scale_have_the_digits_that_tell_them_apart(low, high, expected):
    assert between(low, high) == expected
