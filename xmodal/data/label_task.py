"""The task that written labels make: names are classes, numbers are values to predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from xmodal.errors import ConfigError, DataError
from xmodal.tasks import Classification, Regression, Task

Parse = Callable[[str, object], Tensor]
"""(label as it is written, where it stands) -> its value, or a DataError that names the place."""


def label_task(kind: str, unit: str, train: Sequence[tuple[str, object]], where: object) -> tuple[Parse, Task]:
    """How labels are read, and the task that they make.

    Args:
        kind: "classification" (labels are names) or "regression" (labels are numbers, in `unit`).
        train: the labels of the training samples, each with the place where it stands.
        where: what all of them stand in, for errors.

    Raises:
        ConfigError: another kind.
        DataError: fewer than two classes; a label that is no finite number.
    """
    if kind == "classification":
        names = sorted({text for text, _ in train})
        if len(names) < 2:
            raise DataError(where, expected="two classes or more in train", found=f"{names}")
        return partial(_class, names=names), Classification(names)
    if kind == "regression":
        known = torch.stack([_number(text, at) for text, at in train] or [torch.zeros(())])
        spread = float(known.std()) if len(known) > 1 else 1.0
        return _number, Regression(unit, offset=float(known.mean()), scale=max(spread, 1e-6))
    raise ConfigError(f"kind: expected 'classification' or 'regression', found {kind!r}")


def _class(text: str, where: object, *, names: Sequence[str]) -> Tensor:
    if text not in names:
        raise DataError(where, expected=f"a class of the train split ({', '.join(names)})", found=repr(text))
    return torch.tensor(names.index(text))


def _number(text: str, where: object) -> Tensor:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(where, expected="a finite number", found=repr(text))
    return torch.tensor(value)
