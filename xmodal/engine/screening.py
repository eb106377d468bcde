"""`on_bad_sample="skip"`: samples that cannot be read are found before anything trains, told once, and left out.

Every arm of a seed therefore sees the same samples, a resumed run too, and the result can say how many are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xmodal.data.benchmark import Samples, Split, key_of
from xmodal.data.sample import Sample
from xmodal.engine.run_config import RunConfig
from xmodal.errors import DataError
from xmodal.files import read_json, write_json

PARTS = ("train", "val", "test")
RECORD = "left_out.json"
"""Its name in a run folder."""


class Chosen(Sequence[Sample]):
    """Some of the samples, read when they are asked for.

    Args:
        samples: all of them.
        positions: which, in the order they shall have.
    """

    def __init__(self, samples: Samples, positions: Sequence[int]) -> None:
        self.samples, self.positions = samples, list(positions)

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.samples[self.positions[index]]

    def key_of(self, index: int) -> str:
        """The key of a sample, without reading it where that is possible."""
        return key_of(self.samples, self.positions[index])


class Screening:
    """Reads each sample of each split once and drops those whose files are faulty.

    Args:
        record: a JSON file: by split, by part, the faults by position. Written when a split was screened, read
            instead of screening again when a run is resumed.
        tell: called once with each fault.
    """

    def __init__(self, record: Path, tell: Callable[[str], None]) -> None:
        self.record, self.tell = record, tell
        self.faults: dict[str, dict[str, dict[str, str]]] = read_json(record) if record.is_file() else {}
        self.told = {text for parts in self.faults.values() for found in parts.values() for text in found.values()}

    def split(self, split: Split) -> Split:
        """The split without its faulty samples.

        Raises:
            DataError: a part that had samples, or the labelled ones, are all faulty.
        """
        if split.name not in self.faults:
            self.faults[split.name] = {part: self._faults(getattr(split, part)) for part in PARTS}
            write_json(self.record, self.faults)
        bad = {part: {int(i) for i in found} for part, found in self.faults[split.name].items()}
        for part, found in bad.items():
            if found and len(found) == len(getattr(split, part)):
                raise DataError(f"split {split.name!r}, part {part!r}", expected="a sample that reads", found="none")
        kept = [i for i in range(len(split.train)) if i not in bad["train"]]
        place = {old: new for new, old in enumerate(kept)}
        labelled = [place[i] for i in split.labelled if i in place]
        if not labelled:
            raise DataError(f"split {split.name!r}", expected="a labelled sample that reads", found="none")
        more = split.teacher_labelled
        return replace(
            split,
            train=Chosen(split.train, kept),
            val=_without(split.val, bad["val"]),
            test=_without(split.test, bad["test"]),
            labelled=labelled,
            teacher_labelled=None if more is None else [place[i] for i in more if i in place],
            identity=None if split.identity is None else [split.identity[i] for i in kept],
            keys=None if split.keys is None else [split.keys[i] for i in kept],
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """By split, by part: how many samples were left out."""
        return {name: {part: len(found) for part, found in parts.items()} for name, parts in self.faults.items()}

    def _faults(self, samples: Samples) -> dict[str, str]:
        found = {}
        for position in range(len(samples)):
            try:
                samples[position]
            except DataError as error:
                found[str(position)] = str(error)
                if str(error) not in self.told:
                    self.told.add(str(error))
                    self.tell(str(error))
        return found


def screening_of(config: RunConfig, folder: Path, tell: Callable[[str], None]) -> Screening | None:
    """The screening of a run folder, if the run's policy is to leave faulty samples out."""
    return Screening(folder / RECORD, tell) if config.on_bad_sample == "skip" else None


def _without(samples: Samples, bad: set[int]) -> Samples:
    return Chosen(samples, [i for i in range(len(samples)) if i not in bad]) if bad else samples
