"""A whole run: every seed, split and arm, each phase once, resumable, results on disk as they come."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch.nn import Module

from xmodal.adapter import Model
from xmodal.data.benchmark import Benchmark, Samples, Split
from xmodal.engine import result
from xmodal.engine.answering import Answering, reads_stores
from xmodal.engine.average import Average
from xmodal.engine.best import Best
from xmodal.engine.build import build
from xmodal.engine.config import resolved_text
from xmodal.engine.evaluate import Answers, evaluate, scores
from xmodal.engine.export import save_student
from xmodal.engine.finished import Place, fed, finished_model, phase_of, place_of
from xmodal.engine.fit import Keeper, best_device, fit
from xmodal.engine.log import Log
from xmodal.engine.models import Factory
from xmodal.engine.phases import Phase, Source, phases
from xmodal.engine.rehearsal import rehearse
from xmodal.engine.run_config import RunConfig
from xmodal.engine.schedule import Schedule
from xmodal.engine.screening import RECORD, screening_of
from xmodal.engine.shared import Shared, key_of
from xmodal.engine.stores import Stores
from xmodal.errors import ConfigError, DataError
from xmodal.files import read_json, read_tensors, write_json, write_tensors, write_text
from xmodal.plugins import registered_name


def _seconds(path: Path, done: object) -> float:
    seconds = done.get("seconds") if isinstance(done, Mapping) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise DataError(f"{path}: seconds", expected="a number", found=f"{seconds!r:.60}")
    return float(seconds)


class Run:
    """One run folder and everything that happens in it.

    Args:
        folder: must not exist, unless `resume`.
        config: the run; source: its file and overrides: what was changed by --set, both kept in the folder.
        log: draws the progress bar.
        shared: a folder where arms without teachers are kept, and fetched from, by all runs that are given it.
        store: a folder of teacher stores (`xmodal cache`), from which teachers that are no students answer.
    """

    def __init__(
        self,
        folder: Path,
        config: RunConfig,
        source: Path,
        log: Log,
        *,
        overrides: Sequence[str] = (),
        resume: bool = False,
        shared: Path | None = None,
        store: Path | None = None,
    ) -> None:
        self.folder, self.config, self.log = folder, config, log
        self.shared = Shared(shared) if shared else None
        self.device = best_device()
        self.stores = Stores(store, config, self.device) if store else None
        self.answering = Answering(config, self.device, self.stores)
        benchmark = build(config.benchmark, "benchmark")
        if not isinstance(benchmark, Benchmark):
            raise ConfigError(f"benchmark: expected a benchmark, found {type(benchmark).__name__}")
        self.benchmark = benchmark
        self.factory = Factory(config, benchmark)
        self.factory.check()
        self.phases = phases(config)
        self.inputs: Mapping[str, Sequence[str]] = {}
        self.outcomes: dict[tuple[int, str, str], Mapping[str, Answers]] = {}
        self.seconds: dict[str, float] = {phase.arm: 0.0 for phase in self.phases}
        self._open(source, overrides, resume)  # last, so that a mistake above leaves no folder behind
        self.screening = screening_of(config, folder, log.left_out)

    def _open(self, source: Path, overrides: Sequence[str], resume: bool) -> None:
        resolved = resolved_text(self.config)
        # A run that stopped before it trained anything may begin again, with whatever config was mended.
        if (self.folder / "config.json").is_file() and (self.folder / "checkpoints").exists():
            if not resume:
                raise ConfigError(f"run folder {self.folder} exists: add --resume to go on with it, or --out FOLDER")
            if (self.folder / "config.json").read_bytes() != resolved.encode():
                raise ConfigError(
                    f"run folder {self.folder} was begun with another config: repeat the --set values of its "
                    f"overrides.json, choose --out FOLDER, or delete it"
                )
            return
        own = {"config.py", "overrides.json", "config.json", "metrics.jsonl", RECORD}
        if self.folder.exists() and any(
            p.name not in own and not p.name.startswith(".") for p in self.folder.iterdir()
        ):
            raise ConfigError(f"run folder {self.folder} exists and is no run of xmodal: choose --out FOLDER")
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("metrics.jsonl", RECORD):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(source, self.folder / "config.py")
        write_json(self.folder / "overrides.json", list(overrides))
        write_text(self.folder / "config.json", resolved)

    def train(self) -> dict[str, object]:
        """Train and evaluate every phase that is not done; returns the content of result.json."""
        summary: dict[str, object] = {}
        for seed in self.config.seeds:
            splits = self.splits(seed)
            if self.stores:
                named = {name for phase in self.phases if reads_stores(phase) for name in phase.learns_from}
                self.stores.check_there(seed, [split.name for split in splits], sorted(named))
            if not summary:
                self.begin(splits, seed)
            tried = {split.name for split in splits if self._try_stores(seed, split)}
            for split in splits:
                for phase in self.phases:
                    self.do(seed, split, phase)
                    if split.name not in tried and self._try_stores(seed, split):
                        tried.add(split.name)
            summary = self._summarise(splits)
        self._export(self.config.seeds[0])
        return summary

    def begin(self, splits: Sequence[Split], seed: int) -> None:
        """Everything that can stop a run is tried before it trains: all held-out samples, one step of each phase."""
        if self.screening is None and not (self.folder / "checkpoints").exists():
            _read_once(splits)  # a screening has read them already
        self.inputs = self.factory.inputs(splits[0])
        rehearse(self.factory, self.phases, splits[0], self.inputs, seed)

    def _try_stores(self, seed: int, split: Split) -> bool:
        """Open the stores of a split, that what is wrong with one is told before the student trains.

        Returns:
            whether that could be done: a store is compared with its teacher, which must be trained.
        """
        if self.stores is None:
            return True
        open_phases = (p for p in self.phases if not self.place(seed, split.name, p.arm).done.is_file())
        phase = next(filter(reads_stores, open_phases), None)
        if phase is None:
            return True
        if not all(self.place(seed, split.name, s.arm).done.is_file() for s in phase.learns_from.values()):
            return False
        distillation = self.factory.distillation(phase, self.teachers(seed, split.name, phase), seed)
        steps = self.factory.steps(phase, split, self.inputs, seed)
        self.answering.settle(distillation, phase, seed, split, steps)
        return True

    def splits(self, seed: int) -> Sequence[Split]:
        """The benchmark's, without the samples that cannot be read where the config allows to skip them."""
        splits = self.benchmark.splits(seed)
        return splits if self.screening is None else [self.screening.split(split) for split in splits]

    def _summarise(self, splits: Sequence[Split]) -> dict[str, object]:
        name = registered_name(type(self.benchmark))
        summary = result.summarise(name, self.benchmark, self.outcomes, splits, self.seconds)
        if self.screening is not None:
            summary["left_out"] = self.screening.counts()
        result.write(self.folder, summary)
        return summary

    def place(self, seed: int, split: str, arm: str) -> Place:
        return place_of(self.folder, seed, split, arm)

    def do(self, seed: int, split: Split, phase: Phase) -> None:
        """Train and score one phase, or read what it did before."""
        place = self.place(seed, split.name, phase.arm)
        if not place.done.is_file():
            key = key_of(self.factory, phase, seed, split.name) if self.shared else None
            if not (self.shared and key and self.shared.fetch(key, place)):
                self._train_phase(seed, split, phase, place)
                if self.shared and key:
                    self.shared.keep(key, place)
        with place.advice():
            done, stored = read_json(place.done), read_tensors(place.answers)
            self.seconds[phase.arm] += _seconds(place.done, done)
        if stored:  # else no test sample has the teacher's sensor, and it has no row in the table
            self.outcomes[seed, split.name, phase.arm] = {
                task: Answers(stored[f"{task}.answer"], stored[f"{task}.target"]) for task in self.benchmark.tasks
            }

    def _train_phase(self, seed: int, split: Split, phase: Phase, place: Place) -> None:
        teachers = self.teachers(seed, split.name, phase)
        start = self._source(seed, split.name, phase.starts_from).state_dict() if phase.starts_from else None
        distillation = self.factory.distillation(phase, teachers, seed, start)
        steps = self.factory.steps(phase, split, self.inputs, seed)
        label = {"seed": seed, "split": split.name, "arm": phase.arm}
        began = time.perf_counter()
        self.answering.settle(distillation, phase, seed, split, steps)
        seconds = time.perf_counter() - began
        with self.log.phase(label, steps.schedule.steps) as report:
            seconds += fit(
                distillation,
                steps,
                steps.schedule,
                checkpoint=place.checkpoint,
                device=self.device,
                precision=self.config.precision,
                report=report,
                keeper=self._keeper(split, phase, steps.schedule),
                snapshots=_snapshots(phase, place, steps.schedule),
            )
        model = distillation.student
        assert isinstance(model, Model)
        self._finish(split, phase, place, model, seconds)

    def _keeper(self, split: Split, phase: Phase, schedule: Schedule) -> Keeper | None:
        if schedule.keep == "last":
            return None
        if schedule.keep == "average":
            return Average(schedule.decay)
        if not split.val:
            raise ConfigError(f"schedule.keep='best' needs validation samples, and split {split.name!r} has none")
        task, metric = self.benchmark.headline
        sign = 1 if self.benchmark.tasks[task].greater_is_better else -1

        def score(model: Module) -> float:
            assert isinstance(model, Model)
            answers = self._answers(phase, model, split.val)
            return sign * scores(self.benchmark, answers)[task][metric] if answers else float("nan")

        return Best(score, schedule.look_every)

    def _answers(self, phase: Phase, model: Model, samples: Samples) -> dict[str, Answers]:
        keys, skip = fed(self.config, phase, model), phase.model != "student"
        return evaluate(model, samples, self.benchmark, keys, device=self.device, skip_missing=skip)

    def _finish(self, split: Split, phase: Phase, place: Place, model: Model, seconds: float) -> None:
        answers, on_val = (self._answers(phase, model, part) for part in (split.test, split.val))
        write_tensors(place.weights, model.state_dict())
        tensors = {f"{task}.answer": a.answer for task, a in answers.items()}
        write_tensors(place.answers, tensors | {f"{task}.target": a.target for task, a in answers.items()})
        test, val = scores(self.benchmark, answers), scores(self.benchmark, on_val)
        write_json(place.done, {"seconds": seconds, "test": test, "val": val})
        place.checkpoint.unlink(missing_ok=True)
        self.log.finished(phase.arm, self.benchmark.headline, test, val)

    def trained(self, seed: int, split: str, arm: str) -> Model:
        """The finished model of an arm."""
        return self._source(seed, split, Source(arm, phase_of(self.phases, arm).model))

    def teachers(self, seed: int, split: str, phase: Phase) -> dict[str, Model]:
        """By name: the finished models that a phase learns from."""
        return {name: self._source(seed, split, source) for name, source in phase.learns_from.items()}

    def _source(self, seed: int, split: str, source: Source) -> Model:
        phase, place = phase_of(self.phases, source.arm), self.place(seed, split, source.arm)
        return finished_model(self.factory, phase, place, seed, source.share).to(self.device)

    def _export(self, seed: int) -> None:
        """The distilled student of the first seed and split (or the student alone where nothing was distilled)."""
        split = self.benchmark.splits(seed)[0].name
        names = [p.arm for p in self.phases if p.model == "student"]
        if not names:
            return
        arm = "distilled" if "distilled" in names else names[0]
        model = self.trained(seed, split, arm).cpu()
        about = {"seed": seed, "split": split, "arm": arm}
        save_student(self.folder, model, self.config.student, self.benchmark.tasks, self.config.deploy, about)


def _snapshots(phase: Phase, place: Place, schedule: Schedule) -> dict[int, Path]:
    """By the number of steps done: where to keep the weights of that moment. The finished ones are kept anyway."""
    shares = [share for share in phase.snapshots if share < 1]
    return {max(1, round(share * schedule.steps)): place.snapshot(share) for share in shares}


def _read_once(splits: Sequence[Split]) -> None:
    """Every held-out sample: one that cannot be read shall stop the run now, not after its training."""
    for split in splits:
        for part in (split.val, split.test):
            for position in range(len(part)):
                part[position]
