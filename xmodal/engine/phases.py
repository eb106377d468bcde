"""A run is a tuple of phases: one model each, trained on labels alone or also from phases that came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xmodal.distillation import View, other_samples, same_samples
from xmodal.engine.config import RunConfig
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Phase:
    """One model's training.

    Attributes:
        arm: its row in the table.
        model: "student", or the name of a teacher.
        learns_from: by the teacher's name in the distillers: the arm whose weights it has.
        view: which samples the teachers see.
    """

    arm: str
    model: str = "student"
    learns_from: Mapping[str, str] = field(default_factory=dict)
    view: View = same_samples


def _check(config: RunConfig) -> None:
    taught = [arm for arm in config.arms if arm in ("self", "shuffled", "distilled")]
    for name in ("teachers", "distillers"):
        if taught and not getattr(config, name):
            raise ConfigError(f"arm {taught[0]!r} needs {name}, and {name} is empty; or choose --arms student")
    plan = Schedule(**config.schedule)
    if "shuffled" in taught and plan.labelled + plan.paired < 2:
        raise ConfigError(
            "arm 'shuffled' needs at least two samples a step: raise schedule.labelled or schedule.paired"
        )


def phases(config: RunConfig) -> tuple[Phase, ...]:
    """The phases that the wanted arms need, in the order in which they can run."""
    _check(config)
    teachers = {name: "teacher" if i == 0 else f"teacher-{name}" for i, name in enumerate(config.teachers)}
    own = dict.fromkeys(config.teachers, "student")
    rows = [Phase(arm, model=name) for name, arm in teachers.items()]
    rows += [
        Phase("student"),
        Phase("self", learns_from=own),
        Phase("shuffled", learns_from=teachers, view=other_samples),
        Phase("distilled", learns_from=teachers),
    ]
    wanted = set(config.arms)
    for phase in reversed(rows):
        if phase.arm in wanted:
            wanted |= set(phase.learns_from.values())
    if "teacher" in config.arms:
        wanted |= set(teachers.values())
    return tuple(phase for phase in rows if phase.arm in wanted)
