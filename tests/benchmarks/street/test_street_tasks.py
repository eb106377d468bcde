"""Which of the street's tasks a run has, and which one its tables show first."""

import pytest

from xmodal.benchmarks.street import Street
from xmodal.errors import ConfigError


def test_tasks_are_those_asked_for_in_that_order():
    street = Street(scenes=2, labelled=1, val=0, test=1, tasks=("depth",))
    assert street.headline == ("depth", "MAE")
    assert set(street.grids) == {"depth"}
    assert Street(scenes=2, labelled=1, val=0, test=1).headline == ("segmentation", "mIoU")


def test_unknown_or_no_tasks_are_refused():
    with pytest.raises(ConfigError, match="unknown task of street 'flow'"):
        Street(scenes=2, labelled=1, tasks=("flow",))
    with pytest.raises(ConfigError, match="at least one of its tasks"):
        Street(scenes=2, labelled=1, tasks=())
