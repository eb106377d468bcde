"""Our code gives the numbers of the authors' code (methods.json), values and gradients, in float64 and float32.

The cases lie in `cases_*.py` beside this file: CASES maps (entry, value name) to a function of an `Entry`.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from golden.entry import Entry, Golden
from golden.inputs import table

ENTRIES = table("methods")["values"]
CASES: dict[tuple[str, str], Golden] = {}
NOT_OURS: dict[tuple[str, str], str] = {}  # values that say nothing about us, with the reason
for _path in sorted(Path(__file__).parent.glob("cases_*.py")):
    _module = import_module(f"golden.{_path.stem}")
    assert not CASES.keys() & _module.CASES.keys(), _path
    CASES |= _module.CASES
    NOT_OURS |= getattr(_module, "NOT_OURS", {})

LATER = ("dskd/", "forge/", "tinynerv/", "efficientat", "kcas/", "leap/")
FLOAT32_INSIDE = ("diffkd/", "hear/", "2dpass/")
"""Entries whose code rounds to float32 somewhere whatever it is given."""


def _tolerance(entry: str, dtype: torch.dtype) -> float:
    return 1e-9 if dtype == torch.float64 and not entry.startswith(FLOAT32_INSIDE) else 1e-5


def _flat(value: Any) -> Any:
    """A list of numbers and lists as one list."""
    if not isinstance(value, list) or len({isinstance(part, list) for part in value}) < 2:
        return value
    return [number for part in value for number in (part if isinstance(part, list) else [part])]


def _compare(found: Any, expected: Any, tolerance: float, what: str) -> None:
    found, expected = _flat(found), _flat(expected)
    found = found.detach().double().numpy() if isinstance(found, Tensor) else np.asarray(found, dtype=np.float64)
    expected = np.asarray(expected, dtype=np.float64)
    assert found.shape == expected.shape, what
    scale = max(1e-12, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale, err_msg=what)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("entry", "name"), CASES, ids=[f"{e}:{n}" for e, n in CASES])
def test_the_value_is_the_authors(entry: str, name: str, dtype: torch.dtype) -> None:
    given = Entry(entry, dtype)
    value = CASES[entry, name](given)
    tolerance = _tolerance(entry, dtype)
    _compare(value, ENTRIES[entry]["value"][name], tolerance, name)
    norms = ENTRIES[entry].get("grad_l2", {}).get(name, {})
    if dtype == torch.float64 and norms:
        _compare_gradients(value, given.leaves, norms, tolerance)


def _compare_gradients(value: Tensor, leaves: dict[str, Tensor], norms: dict[str, float | None], rtol: float) -> None:
    for leaf, norm in norms.items():
        if leaf not in leaves:
            assert norm is None, f"the case hands out no leaf {leaf!r}, known: {sorted(leaves)}"
            continue
        (grad,) = torch.autograd.grad(value, leaves[leaf], retain_graph=True, allow_unused=True)
        if norm is None:
            assert grad is None or not grad.any(), leaf
        else:
            assert grad is not None, leaf
            assert grad.norm().item() == pytest.approx(norm, rel=rtol), leaf


def test_every_value_is_covered_or_named_as_left_for_later() -> None:
    wanted = {(e, n) for e, values in ENTRIES.items() if not e.startswith(LATER) for n in values["value"]}
    missing = wanted - CASES.keys() - NOT_OURS.keys()
    assert not missing, f"{len(missing)} values of methods.json have no case: {sorted(missing)[:5]} ..."
    assert not (CASES.keys() | NOT_OURS.keys()) - wanted
