"""The step bench's side of torchdistill: its box, its losses and its data loader, configured as its examples are.

The loop is that of its examples without their logging: no meter, no value read back, no check for NaN. The student's
and teachers' logits are the models' outputs, so that one teacher needs no hook; several teachers are modules of one,
and the hooks name them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from xmodal.benchmarks.speed.blocks import Numbered
from xmodal.benchmarks.speed.hand_written import CLIP, TEMPERATURE
from xmodal.benchmarks.speed.step_case import SEED, Case, plain
from xmodal.engine.optimiser import optimiser
from xmodal.engine.schedule import Schedule


def installed() -> bool:
    return find_spec("torchdistill") is not None


class Teachers(nn.ModuleList):
    """Several teachers as the one that torchdistill takes; its hooks keep what each of them answers."""

    def forward(self, image: Tensor) -> list[Tensor]:
        return [teacher(image) for teacher in self]


def train(case: Case, batches: Numbered[tuple[Tensor, Tensor]], *, steps: int) -> list[Tensor]:
    """The losses of all steps."""
    box = _box(case, batches, Schedule(steps=steps))
    losses = []
    box.pre_epoch_process(epoch=0)
    for image, label, extra in box.train_data_loader:
        loss = box.forward_process(image, label, extra)
        box.post_forward_process(loss=loss)
        losses.append(loss.detach())
    box.post_epoch_process()
    box.clean_modules()
    return losses


def _box(case: Case, batches: Numbered[tuple[Tensor, Tensor]], schedule: Schedule) -> Any:
    """Its DistillationBox. Functions that it shall find by name are registered, as its manual has it."""

    def two_groups(modules: nn.Module) -> torch.optim.Optimizer:
        return optimiser(modules, schedule)

    import_module("torchvision.datasets")  # torchdistill looks for it among what is loaded
    import_module("torchdistill.optim.registry").register_optimizer(key="two_groups")(two_groups)
    import_module("torchdistill.datasets.registry").register_collate_func(key="as_it_is")(_as_it_is)
    teachers = [plain(model) for model in case.teacher_models()]
    teacher = Teachers(teachers) if len(teachers) > 1 else teachers[0]
    box = import_module("torchdistill.core.distillation").get_distillation_box
    return box(
        teacher_model=teacher.eval(),
        student_model=plain(case.model(SEED)),
        dataset_dict={"train": batches},
        train_config=_config(case, schedule),
        device=torch.device("cpu"),
        device_ids=None,
        distributed=False,
        lr_factor=1,
    )


def _config(case: Case, schedule: Schedule) -> dict[str, Any]:
    def factor(step: int) -> float:
        return schedule.rate(step) / schedule.learning_rate

    paths = [str(number) for number in range(case.teachers)] if case.teachers > 1 else []
    return {
        "num_epochs": 1,
        "train_data_loader": {
            "dataset_id": "train",
            "sampler": {"class_or_func": torch.utils.data.SequentialSampler},
            "collate_fn": "as_it_is",
            "kwargs": {"batch_size": None},
        },
        "teacher": {
            "forward_proc": "forward_batch_only",
            "requires_grad": False,
            "forward_hook": {"output": paths},
        },
        "student": {"forward_proc": "forward_batch_only", "requires_grad": True},
        "optimizer": {"key": "two_groups", "kwargs": {}, "filters_params": False, "max_grad_norm": CLIP},
        "scheduler": {"key": "LambdaLR", "kwargs": {"lr_lambda": factor}, "scheduling_step": 1},
        "criterion": {"key": "WeightedSumLoss", "kwargs": {"sub_terms": _terms(paths or ["."])}},
    }


def _terms(paths: Sequence[str]) -> dict[str, Any]:
    """Its KDLoss for each teacher; the first one also holds the cross-entropy, alpha, the others are the KL alone."""
    share = 1 / len(paths)
    terms: dict[str, Any] = {}
    for path in paths:
        about = {
            "student_module_path": ".",
            "student_module_io": "output",
            "teacher_module_path": path,
            "teacher_module_io": "output",
            "temperature": TEMPERATURE,
        }
        first = not terms
        terms[f"teacher {path}"] = {
            "criterion": {
                "key": "KDLoss",
                "kwargs": about | ({"alpha": 1.0, "beta": share} if first else {"alpha": 0}),
            },
            "weight": 1.0 if first else share * TEMPERATURE**2,
        }
    return terms


def _as_it_is(batch: Any) -> Any:
    return batch
