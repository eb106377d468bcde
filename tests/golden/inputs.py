"""Builds the closed-form inputs of the reference numbers in this folder (README.md) and looks the numbers up."""

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

FOLDER = Path(__file__).parent


@cache
def table(name: str) -> Any:
    """The content of `<name>.json`."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def wave(shape: Sequence[int], phase: float, amplitude: float, q: float) -> Tensor:
    """The tensor that an input entry [shape, phase, a, q] stands for: float32 numbers, held in float64."""
    i = np.arange(math.prod(shape), dtype=np.float64)
    x = amplitude * np.sin(0.37 * i + phase) * (1 + 0.5 * np.cos(q * i**1.3))
    return torch.from_numpy(x.astype(np.float32).astype(np.float64).reshape(shape))


def golden_input(name: str) -> Tensor:
    """An input of classic_losses.json, such as "logits_s", in float32."""
    return wave(*table("classic_losses")["spec"]["inputs"][name]).float()


def pair(name: str) -> tuple[Tensor, Tensor]:
    """Student and teacher of classic_losses.json: "logits", "emb", "feat", "feat2"."""
    return golden_input(f"{name}_s"), golden_input(f"{name}_t")


def unit_pair(name: str) -> tuple[Tensor, Tensor]:
    """The same, each sample flattened and made a unit vector."""
    student, teacher = pair(name)
    return functional.normalize(student.flatten(1)), functional.normalize(teacher.flatten(1))


def method_input(method: str, name: str) -> Tensor:
    """An input of an entry of methods.json, in float64."""
    return wave(*table("methods")["values"][method]["inputs"][name])


def method_value(method: str, name: str) -> float:
    """A float64 value of an entry of methods.json."""
    return float(table("methods")["values"][method]["value"][name])


def method_grad(method: str, name: str, leaf: str) -> float:
    """The L2 norm of the gradient of that value at an input."""
    return float(table("methods")["values"][method]["grad_l2"][name][leaf])
