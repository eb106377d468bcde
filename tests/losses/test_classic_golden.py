"""The losses give the numbers of public implementations (tests/golden/classic_losses.json).

The cases lie in `classic.py` of every family: COVERED computes an entry as its source does; APART what one
implementation computes instead, said in terms of ours.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from torch import Tensor

from golden.inputs import table

CLASSIC = table("classic_losses")["losses"]
COVERED: dict[str, Callable[[], Tensor]] = {}
APART: dict[tuple[str, str], Callable[[], Tensor]] = {}
for _path in sorted(Path(__file__).parent.glob("*/classic*.py")):
    _module = import_module(f"losses.{_path.parent.name}.{_path.stem}")
    COVERED |= _module.COVERED
    APART |= _module.APART


def test_every_classic_entry_is_covered() -> None:
    assert COVERED.keys() == CLASSIC.keys()


@pytest.mark.parametrize("entry", COVERED)
def test_the_value_is_that_of_every_implementation_that_follows_the_source(entry: str) -> None:
    apart = {source for name, source in APART if name == entry}
    agreeing = CLASSIC[entry].keys() - apart
    assert agreeing
    value = COVERED[entry]().item()
    for source in agreeing:
        assert value == pytest.approx(CLASSIC[entry][source], rel=1e-5), source


@pytest.mark.parametrize(("entry", "source"), APART)
def test_known_deviations_are_explained(entry: str, source: str) -> None:
    assert APART[entry, source]().item() == pytest.approx(CLASSIC[entry][source], rel=1e-5)
