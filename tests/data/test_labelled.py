"""Amounts of labels: numbers and shares, nested draws, mistakes."""

import pytest

from xmodal.data.labelled import check_labelled, draw_labelled, group_name, split_name
from xmodal.errors import ConfigError


def test_one_amount_or_several():
    assert check_labelled("b", 60) == (60,)
    assert check_labelled("b", (0.1, 1.0)) == (0.1, 1.0)
    assert [group_name(a) for a in (60, 0.05)] == ["60 labels", "5 % of the labels"]
    assert [split_name(a) for a in (60, 0.05)] == ["labels60", "labels5percent"]


def test_the_smaller_draw_is_part_of_the_larger_and_the_seed_decides():
    few, more = draw_labelled("b", 10, 200, seed=3), draw_labelled("b", 0.25, 200, seed=3)
    assert (len(few), len(more)) == (10, 50)
    assert set(few) < set(more)
    assert more == sorted(more)
    assert few == draw_labelled("b", 10, 200, seed=3)
    assert few != draw_labelled("b", 10, 200, seed=4)
    assert draw_labelled("b", 1.0, 7, seed=0) == list(range(7))
    assert len(draw_labelled("b", 0.001, 7, seed=0)) == 1


@pytest.mark.parametrize("wrong", [0, -1, 0.0, 1.5, True, "all", (), (60, 60), (0.1, "all")])
def test_amounts_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigError, match="b: labelled must"):
        check_labelled("b", wrong)


def test_more_labels_than_samples_are_refused():
    with pytest.raises(ConfigError, match="b: labelled = 8, but there are 7 training samples"):
        draw_labelled("b", 8, 7, seed=0)
