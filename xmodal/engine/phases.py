"""A run is a tuple of phases: one model each, trained on labels alone or also from phases that came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xmodal.distillation import View, other_samples, same_samples
from xmodal.engine.run_config import RunConfig
from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Source:
    """Finished weights: of which arm, of which model, after which share of its steps."""

    arm: str
    model: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One model's training.

    Attributes:
        arm: its row in the table.
        model: "student", or the name of a teacher.
        learns_from: by the teacher's name in the distillers: whose weights it has.
        peers: by the peer's name in the distillers: the model that trains along.
        starts_from: the weights it begins with, as far as names and shapes agree; None for fresh ones.
        snapshots: the shares of its steps after which its weights are kept.
        view: which samples the teachers see.
    """

    arm: str
    model: str = "student"
    learns_from: Mapping[str, Source] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)
    starts_from: Source | None = None
    snapshots: tuple[float, ...] = ()
    view: View = same_samples

    @property
    def taught(self) -> bool:
        """Whether it learns from others, not from labels alone."""
        return bool(self.learns_from or self.peers)


def _check(config: RunConfig) -> None:
    taught = [arm for arm in config.arms if arm in ("self", "shuffled", "distilled")]
    if taught and not (config.teachers or config.peers):
        raise ConfigError(f"arm {taught[0]!r} needs teachers, and teachers is empty; or choose --arms student")
    if taught and not config.distillers:
        raise ConfigError(f"arm {taught[0]!r} needs distillers, and distillers is empty; or choose --arms student")
    plan = Schedule(**config.schedule)
    if "shuffled" in taught and plan.labelled + plan.paired < 2:
        raise ConfigError(
            "arm 'shuffled' needs at least two samples a step: raise schedule.labelled or schedule.paired"
        )


def phases(config: RunConfig) -> tuple[Phase, ...]:
    """The phases that the wanted arms need, in the order in which they can run."""
    _check(config)
    arm_of = {name: "teacher" if i == 0 else f"teacher-{name}" for i, name in enumerate(config.teachers)}
    arm_of["student"] = "student"
    shares: dict[str, tuple[float, ...]] = {}
    for model, share in config.snapshots.values():
        shares[model] = (*shares.get(model, ()), share)
    given = {name: Source(arm_of[name], name) for name in config.teachers}
    given |= {name: Source(arm_of[model], model, share) for name, (model, share) in config.snapshots.items()}
    own = {name: Source("student", "student") for name in given}
    peers, twins = {name: name for name in config.peers}, dict.fromkeys(config.peers, "student")
    start = given[config.start] if config.start else None
    again = own[config.start] if config.start else None
    rows = [Phase(arm_of[name], model=name, snapshots=shares.get(name, ())) for name in config.teachers]
    rows += [
        Phase("student", snapshots=shares.get("student", ())),
        Phase("self", learns_from=own, peers=twins, starts_from=again),
        Phase("shuffled", learns_from=given, peers=peers, starts_from=start, view=other_samples),
        Phase("distilled", learns_from=given, peers=peers, starts_from=start),
    ]
    return _needed(rows, config)


def _needed(rows: Sequence[Phase], config: RunConfig) -> tuple[Phase, ...]:
    """Those that the wanted arms are, or learn from."""
    wanted = set(config.arms)
    for phase in reversed(rows):
        if phase.arm in wanted:
            wanted |= {source.arm for source in phase.learns_from.values()}
    if "teacher" in config.arms:
        wanted |= {phase.arm for phase in rows if phase.model != "student"}
    return tuple(phase for phase in rows if phase.arm in wanted)
