"""Samples whose files lie in tars; each is read from its place when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xmodal.data.label_task import Parse
from xmodal.data.manifest import POSE
from xmodal.data.pose import read_pose
from xmodal.data.reader import Read
from xmodal.data.sample import Sample
from xmodal.data.tar_index import Member
from xmodal.data.tar_rows import TarRow
from xmodal.data.transforms import Transform
from xmodal.errors import DataError


@dataclass(frozen=True, slots=True)
class Form:
    """How the samples of a benchmark are read.

    Attributes:
        columns, readers: by entry; poses: the suffixes of poses, by "pose:" and the entry.
        meta: of every sample.
    """

    columns: Mapping[str, str]
    readers: Mapping[str, Read]
    parse: Parse
    transforms: Sequence[Transform] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    poses: Mapping[str, str] = field(default_factory=dict)


class TarSamples(Sequence[Sample]):
    """The samples of some rows. No file stays open, so that copies in other processes read on their own.

    Args:
        labels: of each row, as it is written; "" where unlabelled.
    """

    def __init__(self, rows: Sequence[TarRow], labels: Sequence[str], form: Form) -> None:
        self.rows, self.labels, self.form = rows, labels, form

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        row, text, form = self.rows[index], self.labels[index], self.form
        entries = {
            key: read_member(row.members[key], column, form.readers[key])
            for key, column in form.columns.items()
            if key in row.members
        }
        labels = {"label": form.parse(text, row.label_at)} if text else {}
        poses = {
            key.removeprefix(POSE): read_member(row.members[key], column, read_pose)
            for key, column in form.poses.items()
            if key in row.members
        }
        sample = Sample(row.key, entries, labels=labels, meta=form.meta, poses=poses)
        for transform in form.transforms:
            sample, _ = transform(sample)
        return sample

    def key_of(self, index: int) -> str:
        """The key of a sample, without reading its files."""
        return self.rows[index].key


def read_member(member: Member, column: str, read: Read) -> Any:
    """What a reader of files makes of a member; its errors name the tar and the member.

    Readers open paths and look at suffixes, so the content goes to a private temporary folder first (where TMPDIR
    says), under a name that nothing in the tar chooses.
    """
    with TemporaryDirectory(prefix="xmodal-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"member.{column}"
        with path.open("wb") as file:
            file.writelines(member.chunks())
        try:
            return read(path)
        except DataError as error:
            where, expected, found = (
                text.replace(str(path), member.where) for text in (error.where, error.expected, error.found)
            )
            raise DataError(where, expected=expected, found=found) from error
