"""The finished arms of a run folder: where their files lie, and their models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xmodal.adapter import Model
from xmodal.engine.models import Factory
from xmodal.engine.phases import Phase
from xmodal.engine.run_config import RunConfig
from xmodal.errors import DataError, unknown
from xmodal.files import load_weights, read_tensors


@dataclass(frozen=True, slots=True)
class Place:
    """Where one phase of one seed and split keeps its files."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    def snapshot(self, share: float) -> Path:
        """The weights after that share of the steps; those of the last step are the finished ones."""
        return self.weights if share == 1 else self.folder / f"snapshot-{share:g}.safetensors"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.safetensors"

    @property
    def done(self) -> Path:
        return self.folder / "done.json"

    @contextmanager
    def advice(self) -> Iterator[None]:
        """Says how to go on when a finished arm's files are damaged."""
        try:
            yield
        except DataError as error:
            found = f"{error.found}; delete {self.folder} and use --resume to train this arm again"
            raise DataError(error.where, expected=error.expected, found=found) from error


def place_of(folder: Path, seed: int, split: str, arm: str) -> Place:
    """The place of one arm in a run folder."""
    return Place(folder / "checkpoints" / f"seed{seed}" / split / arm)


def phase_of(phases: Sequence[Phase], arm: str) -> Phase:
    """The phase of that name, or an error that lists those of the run."""
    for phase in phases:
        if phase.arm == arm:
            return phase
    raise unknown("arm", arm, [phase.arm for phase in phases])


def fed(config: RunConfig, phase: Phase, model: Model) -> Sequence[str]:
    """The entries that the model of a phase is given at test time: a student's are those it is deployed with."""
    return config.deploy if phase.model == "student" else model.inputs


def finished_model(factory: Factory, phase: Phase, place: Place, seed: int, share: float = 1.0) -> Model:
    """The model of an arm after a share of its training, on the CPU and in eval mode.

    Raises:
        DataError: its weights are missing or damaged.
    """
    model = factory.model(phase.model, seed)
    with place.advice():
        load_weights(model, read_tensors(place.snapshot(share)), place.snapshot(share))
    return model.eval()
