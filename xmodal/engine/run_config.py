"""The fields that a config file may define, and what each may hold."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xmodal.engine.schedule import Schedule
from xmodal.errors import ConfigError, unknown

MAPPINGS = (
    "benchmark",
    "student",
    "teachers",
    "peers",
    "snapshots",
    "distillers",
    "teacher_distillers",
    "teacher_balance",
    "schedule",
    "teacher_schedule",
    "paper",
)
ARMS = ("student", "self", "shuffled", "distilled", "teacher")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One complete run: the fields are the names that a config file may define.

    Attributes:
        benchmark, student, balance: nodes `dict(type=..., ...)`.
        teachers, peers, distillers: by name, nodes. Peers train along with the student and are dropped at export.
        snapshots: by a further teacher's name: ("student", or a teacher's name, and the share of its training in
            (0, 1]) whose weights it has. Distillers read it like any teacher.
        start: the teacher (or snapshot) whose weights the taught students begin with; "" for fresh ones.
        teacher_distillers: by a teacher's name: distillers by name that take part in its own training; there the
            trained model is "student". teacher_balance: by a teacher's name: the balance of that training.
        deploy: the entries that the finished student may read.
        transforms: training transforms of the student's arms; teacher_transforms: of the teachers' own training.
        schedule: of the student's arms; teacher_schedule: of the teachers.
        arms: which rows of the table to train.
        seeds: one complete set of arms for each.
        precision: "bf16" (autocast) or "fp32".
        paper: for a re-implementation of a published system: what it is (`xmodal list papers`). Read by nothing that
            trains.
        teacher_memory: "device", or "parked": teachers live in the host's memory and are brought to the GPU one at a
            time, each for its own forward.
        compile_teachers: run the forward of live teachers through torch.compile.
        on_bad_sample: "stop" at a sample that cannot be read, or "skip": read every sample once before training, tell
            the faulty ones, leave them out of every arm, and count them in the result.
    """

    benchmark: Mapping[str, Any]
    student: Mapping[str, Any]
    deploy: Sequence[str]
    teachers: Mapping[str, Any] = field(default_factory=dict)
    peers: Mapping[str, Any] = field(default_factory=dict)
    snapshots: Mapping[str, Any] = field(default_factory=dict)
    start: str = ""
    distillers: Mapping[str, Any] = field(default_factory=dict)
    balance: Mapping[str, Any] | None = None
    teacher_distillers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    teacher_balance: Mapping[str, Any] = field(default_factory=dict)
    transforms: Sequence[Any] = ()
    teacher_transforms: Sequence[Any] = ()
    schedule: Mapping[str, Any] = field(default_factory=dict)
    teacher_schedule: Mapping[str, Any] = field(default_factory=dict)
    arms: Sequence[str] = ARMS
    seeds: Sequence[int] = (0,)
    precision: str = "bf16"
    on_bad_sample: str = "stop"
    paper: Mapping[str, Any] = field(default_factory=dict)
    teacher_memory: str = "device"
    compile_teachers: bool = False

    def __post_init__(self) -> None:
        for name in ("deploy", "arms", "seeds", "transforms", "teacher_transforms"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise ConfigError(f"{name}: expected several values such as ('image',), found {value!r}")
        for name in MAPPINGS:
            if not isinstance(getattr(self, name), Mapping):
                raise ConfigError(f"{name}: expected dict(...), found {getattr(self, name)!r}")
        for name in ("schedule", "teacher_schedule"):
            for key in getattr(self, name):
                if key not in inspect.signature(Schedule).parameters:
                    raise unknown(f"key {name}.{key}; key", key, inspect.signature(Schedule).parameters)
            Schedule(**getattr(self, name))
        self._check_names()
        for arm in self.arms:
            if arm not in ARMS:
                raise unknown("arm", arm, ARMS)
        if self.precision not in ("bf16", "fp32"):
            raise ConfigError(f"precision: expected 'bf16' or 'fp32', found {self.precision!r}")
        if self.on_bad_sample not in ("stop", "skip"):
            raise ConfigError(f"on_bad_sample: expected 'stop' or 'skip', found {self.on_bad_sample!r}")
        if self.teacher_memory not in ("device", "parked"):
            raise ConfigError(f"teacher_memory: expected 'device' or 'parked', found {self.teacher_memory!r}")
        if not isinstance(self.compile_teachers, bool):
            raise ConfigError(f"compile_teachers: expected True or False, found {self.compile_teachers!r}")
        if not self.seeds or not all(isinstance(s, int) for s in self.seeds):
            raise ConfigError(f"seeds: expected whole numbers such as (0, 1, 2), found {self.seeds!r}")

    def _check_names(self) -> None:
        """Every model that another field names must be there, and no name may stand for two."""
        for name, value in self.snapshots.items():
            if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
                wanted = "(model, share) such as ('student', 0.5)"
                raise ConfigError(f"snapshots.{name}: expected {wanted}, found {value!r}")
            if value[0] not in ("student", *self.teachers):
                raise unknown(f"model of snapshots.{name}; model", value[0], ["student", *self.teachers])
            if not isinstance(value[1], (int, float)) or not 0 < value[1] <= 1:
                raise ConfigError(f"snapshots.{name}: expected a share above 0, at most 1, found {value[1]!r}")
        names = ["student", *self.teachers, *self.snapshots, *self.peers]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"the name {name!r} stands for two of student, teachers, snapshots and peers")
        for name in ("teacher_distillers", "teacher_balance"):
            for teacher in getattr(self, name):
                if teacher not in self.teachers:
                    raise unknown(f"teacher of {name}; teacher", teacher, self.teachers)
        if self.start and self.start not in (*self.teachers, *self.snapshots):
            raise unknown("start: teacher", self.start, [*self.teachers, *self.snapshots])


def plain(value: Any) -> str:
    """What JSON cannot hold as text; classes stand by name."""
    return f"{value.__module__}.{value.__qualname__}" if isinstance(value, type) else str(value)
