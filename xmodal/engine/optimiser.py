"""AdamW over everything that trains, whose whole update costs little beside a small network's step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from xmodal.engine.schedule import Schedule


class Optimiser(torch.optim.AdamW):
    """`torch.optim.AdamW(fused=True)` with `update`, which does what a step ends with, to the bit.

    `step` alone costs as much as the forward pass of a small net: it asks torch's profiler, checks its options and
    sorts its tensors by device and type in every call. `update` hands them to the same kernel directly.

    Args:
        groups: of parameters; where they are of several devices or types, `update` is as slow as `step`.
        rate: the learning rate to begin with.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], rate: float) -> None:
        super().__init__(groups, lr=rate, fused=True)
        self.trained = [p for group in self.param_groups for p in group["params"]]
        self.alike = len({(p.device, p.dtype) for p in self.trained}) == 1

    def update(self, limit: float) -> None:
        """Scale the gradients down to a norm of `limit` (0: leave them), take a step, and drop them."""
        moved = [p for p in self.trained if p.grad is not None]
        if self.alike and moved and all(p in self.state for p in moved):
            with torch.no_grad():
                if limit:
                    _clip([p.grad for p in moved if p.grad is not None], limit)
                for group in self.param_groups:
                    self._advance(group)
        else:
            if limit:
                torch.nn.utils.clip_grad_norm_(moved, limit)
            self.step()  # the first one also makes the state
        for parameter in self.trained:  # zero_grad asks torch's profiler and all groups before it comes to this
            parameter.grad = None

    def _advance(self, group: Mapping[str, Any]) -> None:
        moved = [p for p in group["params"] if p.grad is not None]
        if not moved:
            return
        states = [self.state[p] for p in moved]
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            moved,
            [p.grad for p in moved],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            steps,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )


def optimiser(module: nn.Module, schedule: Schedule) -> Optimiser:
    """Over everything that trains; biases and norms (fewer than two axes) are not decayed."""
    trained: list[Parameter] = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return Optimiser([g for g in groups if g["params"]], schedule.learning_rate)


def _clip(grads: list[Tensor], limit: float) -> None:
    """As `torch.nn.utils.clip_grad_norm_`, without sorting the gradients by device and type.

    On a GPU the factor stays there: asking whether it is 1 would wait for the step.
    """
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
    torch._foreach_mul_(grads, (limit / (norm + 1e-6)).clamp(max=1.0))
