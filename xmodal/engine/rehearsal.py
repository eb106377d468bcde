"""One step of every arm before any arm trains: what does not fit together is said at once, not after an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xmodal.data.benchmark import Split
from xmodal.engine.export import describe_student, describe_task
from xmodal.engine.models import Factory
from xmodal.engine.phases import Phase
from xmodal.errors import ConfigError, XmodalError


def rehearse(
    factory: Factory, phases: Sequence[Phase], split: Split, inputs: Mapping[str, Sequence[str]], seed: int
) -> None:
    """Build each arm with fresh models and run its first batch forward.

    Raises:
        ConfigError: names the arm, and what the model, task, distiller or balance said.
    """
    describe_student(factory.config.student)
    for task in factory.benchmark.tasks.values():
        describe_task(task)
    for phase in phases:
        try:
            _step(factory, phase, split, inputs, seed)
        except XmodalError:
            raise
        except (ValueError, TypeError, LookupError, RuntimeError, AssertionError) as error:
            said = " ".join(str(a) for a in error.args) or type(error).__name__
            raise ConfigError(f"arm {phase.arm!r} cannot train: {said.splitlines()[0]}") from error


def _step(factory: Factory, phase: Phase, split: Split, inputs: Mapping[str, Sequence[str]], seed: int) -> None:
    teachers = {name: factory.model(source.model, seed) for name, source in phase.learns_from.items()}
    distillation = factory.distillation(phase, teachers, seed)
    distillation.train()(factory.steps(phase, split, inputs, seed)[0])
