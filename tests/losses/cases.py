"""All losses in one table, gathered from the `cases*.py` of every family. A new loss adds one line there."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from losses.case import Case

FOLDER = Path(__file__).parent
CASES: dict[str, Case] = {}
APART: dict[str, str] = {}  # function and module of another signature, with the same tests in a file of their own
STATEFUL: set[str] = set()  # modules with parameters or memory, each with a test file of its own
for _path in sorted(FOLDER.glob("*/cases*.py")):
    _module = import_module(f"losses.{_path.parent.name}.{_path.stem}")
    assert not CASES.keys() & _module.CASES.keys(), _path
    CASES |= _module.CASES
    APART |= getattr(_module, "APART_FROM_TABLE", {})
    STATEFUL |= getattr(_module, "STATEFUL", set())


def _those(keep: Callable[[Case], bool]) -> pytest.MarkDecorator:
    kept = {name: case for name, case in CASES.items() if keep(case)}
    return pytest.mark.parametrize("case", kept.values(), ids=kept.keys())


every_loss = _those(lambda case: True)
every_loss_with_items = _those(lambda case: case.has_items)
every_loss_with_a_thin_module = _those(lambda case: case.module is not None)
every_loss_with_items_and_a_thin_module = _those(lambda case: case.has_items and case.module is not None)
every_loss_with_a_teacher = _those(lambda case: case.teacher)
every_loss_zero_at_identity = _those(lambda case: case.zero_at_identity)
every_loss_that_detects_shuffling = _those(lambda case: case.detects_shuffling)
every_order_free_loss = _those(lambda case: case.order_free)
every_smooth_loss = _those(lambda case: case.smooth)
every_loss_that_bears_zero_rows = _those(lambda case: case.zero_rows)
every_order_free_loss_with_items = _those(lambda case: case.order_free and case.has_items)
