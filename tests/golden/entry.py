"""One system of methods.json in one precision: its inputs, and what was computed from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from golden.inputs import table, wave


class Entry:
    """Hands out the inputs of an entry and remembers them as leaves, so that gradients can be compared too.

    Attributes:
        leaves: by the names that the file's `grad_l2` uses: the tensors handed out so far.
        raw: the entry as it stands in the file.
    """

    def __init__(self, name: str, dtype: torch.dtype = torch.float64) -> None:
        self.name, self.dtype = name, dtype
        self.raw: dict[str, Any] = table("methods")["values"][name]
        self.leaves: dict[str, Tensor] = {}

    def input(self, name: str, leaf: str | None = None) -> Tensor:
        """An input tensor that records gradients; `leaf` is its name in `grad_l2` where that differs."""
        return self.leaf(leaf or name, wave(*self.raw["inputs"][name]))

    def leaf(self, name: str, value: Tensor | float) -> Tensor:
        """Any other value that the file has gradients for, such as a learned scale."""
        made = torch.as_tensor(value, dtype=self.dtype).detach().clone().requires_grad_()
        self.leaves[name] = made
        return made

    def given(self, name: str) -> Any:
        """An input that is no tensor: a number, a list of labels."""
        return self.raw["inputs"][name]

    def targets(self, name: str = "targets") -> Tensor:
        """A list of class numbers as a tensor."""
        return torch.tensor(self.raw["inputs"][name])

    def parameters(self, name: str = "params") -> dict[str, Tensor]:
        """By name: the parameters of a module, [name, shape, phase, a, q] each; "1+wave" adds one."""
        made = {}
        for own, shape, phase, amplitude, q, *offset in self.raw["inputs"][name]:
            made[own] = (wave(shape, phase, amplitude, q) + (1.0 if offset else 0.0)).to(self.dtype)
        return made

    def fill(self, module: torch.nn.Module, name: str = "params", prefix: str = "") -> None:
        """Load those parameters into a module of the same parameter names, `prefix` taken off."""
        state = {own.removeprefix(prefix): value for own, value in self.parameters(name).items()}
        module.to(self.dtype).load_state_dict({**module.state_dict(), **state})


Golden = Callable[[Entry], Any]
"""Computes one value of an entry with our code: a tensor (then its gradients are compared too), a number, a list."""
