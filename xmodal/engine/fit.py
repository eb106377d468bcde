"""The training loop: lean, seeded, resumable to the bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

from xmodal.data.batch import Batch
from xmodal.distillation import Distillation, Losses
from xmodal.engine import memory
from xmodal.engine.background import Background
from xmodal.engine.loader import Steps, stream
from xmodal.engine.optimiser import optimiser
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError
from xmodal.files import checkpoint_bytes, load_weights, read_checkpoint, write_checkpoint, write_tensors


class Keeper(Protocol):
    """Chooses the weights that a phase ends with, where those are not the last ones."""

    def after(self, done: int, model: torch.nn.Module, last: bool = False) -> bool:
        """Called after every step; whether the model's modes may have changed."""

    def restore(self, model: torch.nn.Module) -> None: ...

    def state(self) -> dict[str, Any]: ...

    def load(self, state: dict[str, Any]) -> None: ...


SETTLED = 8
"""Steps after which the memory holds all that a step takes."""
Report = Callable[[int, Mapping[str, float], float], None]
"""(step, terms and rate, share of the time spent waiting for data), every `log_every` steps."""


def fit(
    distillation: Distillation,
    steps: Steps,
    schedule: Schedule,
    *,
    checkpoint: Path,
    device: torch.device,
    precision: str,
    report: Report,
    keeper: Keeper | None = None,
    snapshots: Mapping[int, Path] | None = None,
) -> float:
    """Train until the schedule ends, from `checkpoint` if it is there.

    Args:
        checkpoint: written every `checkpoint_every` steps and at the end.
        keeper: what to keep of the student; None for its last weights.
        snapshots: by the number of steps done: where to write the student's weights of that moment.

    Returns:
        seconds spent training, those before an interruption included.
    """
    on_cpu = device.type == "cpu" and memory.keep()
    distillation.to(device).train()
    optimizer = optimiser(distillation, schedule)
    start, before = _resume(checkpoint, distillation, optimizer, keeper)
    began = time.perf_counter()
    if start == 0:
        distillation.prepare(lambda: (steps[i].to(device) for i in range(min(8, len(steps)))))
    batches = Waited(stream(steps, start * schedule.accumulate), device)
    with Background() as files:
        for step in range(start, schedule.steps):
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(step)
            for _ in range(schedule.accumulate):
                losses = _backward(distillation, next(batches), schedule, step, autocast(device, precision))
            optimizer.update(schedule.clip_norm)
            done, last = step + 1, step + 1 == schedule.steps
            if on_cpu and done - start == SETTLED:
                files.do(memory.gather)  # a second core can do that beside the training
            if done % schedule.log_every == 0 or last:
                report(done, _numbers(losses.total, losses.terms, schedule.rate(step)), batches.share())
            if keeper and keeper.after(done, distillation.student, last=last):
                distillation.train()
            if snapshots and done in snapshots:
                write_tensors(snapshots[done], distillation.student.state_dict())
            if done % schedule.checkpoint_every == 0 or last:
                seconds = before + time.perf_counter() - began
                content = checkpoint_bytes({**_state(done, distillation, optimizer, keeper), "seconds": seconds})
                files.do(partial(write_checkpoint, checkpoint, content))
    if keeper:
        keeper.restore(distillation.student)
    distillation.eval()
    return before + time.perf_counter() - began


class Waited:
    """Batches on the device, and the share of the time that was spent waiting for them."""

    def __init__(self, batches: Iterator[Batch], device: torch.device) -> None:
        self.batches, self.device = batches, device
        self.waited, self.since = 0.0, time.perf_counter()

    def __next__(self) -> Batch:
        asked = time.perf_counter()
        batch = next(self.batches).to(self.device, non_blocking=True)
        self.waited += time.perf_counter() - asked
        return batch

    def share(self) -> float:
        """Since it was asked the last time."""
        now = time.perf_counter()
        share = self.waited / max(now - self.since, 1e-9)
        self.waited, self.since = 0.0, now
        return share


def _backward(
    distillation: Distillation, batch: Batch, schedule: Schedule, step: int, context: AbstractContextManager[Any]
) -> Losses:
    """The gradients of one batch, added to those that are there."""
    with context:
        losses: Losses = distillation(batch, step / schedule.steps)
    share = losses.total if schedule.accumulate == 1 else losses.total / schedule.accumulate
    share.backward()  # type: ignore[no-untyped-call]
    return losses


def best_device() -> torch.device:
    """The GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """bf16 autocast, or nothing for fp32."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


def _numbers(total: torch.Tensor, terms: Mapping[str, torch.Tensor], rate: float) -> dict[str, float]:
    numbers = {"loss": float(total.detach())} | {name: float(term.detach().mean()) for name, term in terms.items()}
    for name, value in numbers.items():
        if value != value or value in (float("inf"), float("-inf")):
            raise ConfigError(f"term {name!r} is {value}: lower schedule.learning_rate or set schedule.clip_norm")
    return {**numbers, "learning_rate": rate}


def _state(
    step: int, module: torch.nn.Module, optimizer: torch.optim.Optimizer, keeper: Keeper | None
) -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "step": step,
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": cuda,
        "keeper": keeper.state() if keeper else {},
    }


def _resume(
    checkpoint: Path, module: torch.nn.Module, optimizer: torch.optim.Optimizer, keeper: Keeper | None
) -> tuple[int, float]:
    """The step to go on from, and the seconds spent before it."""
    if not checkpoint.is_file():
        return 0, 0.0
    state = read_checkpoint(checkpoint)
    load_weights(module, state["module"], checkpoint)
    optimizer.load_state_dict(state["optimizer"])
    if keeper:
        keeper.load(state["keeper"])
    torch.set_rng_state(state["rng"])
    if state["cuda_rng"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    return state["step"], state["seconds"]
