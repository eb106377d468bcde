"""Writes a store: resumes where it stopped, and gives the same files whoever and how many write it.

Every shard is whole or absent and depends on the plan alone. Processes that run the same command share the shards out
by locks, which the system frees when a process dies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch
from xmodal.data.loading import in_order
from xmodal.errors import ConfigError, DataError
from xmodal.files import write_json, write_tensors
from xmodal.store.batches import BATCH, Batches, Items
from xmodal.store.encodings import Form
from xmodal.store.manifest import MANIFEST, PLAN, differences, file_digest, read_sealed, write_sealed
from xmodal.store.planning import SAMPLED_BATCHES, Plan, check_room, plan
from xmodal.store.reader import BASES, KEYS, Store, read_bases
from xmodal.store.records import Part, Records
from xmodal.store.rows import Layout, named, to_rows, token_outputs
from xmodal.store.shard import Shard

SHARD_BYTES = 64 * 2**20
Report = Callable[[int, int], None]
"""(records done, of how many)"""


@dataclass(frozen=True, slots=True)
class Job:
    """One teacher and what it is run on.

    Attributes:
        teacher: frozen, in eval mode, on `device`.
        need: what is asked of it; items: the records.
        autocast: the context that it runs in.
        made: of `manifest.described`: everything that the outputs depend on.
        forms: how parts are kept, by the start of their path; "" for all others.
        workers: processes that load data.
        shard_bytes: of a shard, about.
    """

    teacher: Adapter
    need: Need
    items: Items
    device: torch.device
    made: Mapping[str, Any]
    autocast: AbstractContextManager[Any] = field(default_factory=nullcontext)
    forms: Mapping[str, Form] = field(default_factory=dict)
    workers: int = 0
    shard_bytes: int = SHARD_BYTES

    def run(self, batch: Batch) -> Embedding:
        with torch.no_grad(), self.autocast:
            embedding: Embedding = self.teacher(batch.to(self.device), self.need)
            return embedding


def write_store(
    folder: Path, job: Job, *, planned: Callable[[Plan, int], None] | None = None, report: Report | None = None
) -> Store:
    """Write what is missing of a store, or nothing where it is finished; returns it, opened.

    Args:
        planned: called with the plan and the number of records before anything else is written.
        report: called after every batch.

    Raises:
        ConfigError: the folder holds a store that was made from something else, or in other forms.
        DiskFull: the disk has not the room; told before writing where it can be foreseen.
        DataError: a sample cannot be read; an output is not finite.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(folder, expected="a folder for a teacher store", found="a file")
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".plan.lock"), _mendable(folder):
        settled = _settle(folder, job, planned)
    count = -(-len(job.items) // settled.records_per_shard)
    waiting = []
    for number in range(count):
        try:
            with FileLock(folder / f".shard-{number:05d}.lock", timeout=0):
                _shard(_placed(folder, number, settled), job, settled, report)
        except Timeout:  # another process writes it
            waiting.append(number)
    for number in waiting:
        with FileLock(folder / f".shard-{number:05d}.lock"):
            _shard(_placed(folder, number, settled), job, settled, report)
    with FileLock(folder / ".plan.lock"):
        _finish(folder, count)
    (folder / ".plan.lock").unlink(missing_ok=True)
    with _mendable(folder):
        return Store(folder)


@contextmanager
def _mendable(folder: Path) -> Iterator[None]:
    """Damage that going on cannot mend, with what can."""
    try:
        yield
    except DataError as error:
        if str(folder) not in error.where:
            raise
        found = f"{error.found}: delete {folder} and run the same xmodal cache again"
        raise DataError(error.where, expected=error.expected, found=found) from error


def _settle(folder: Path, job: Job, planned: Callable[[Plan, int], None] | None) -> Plan:
    """The plan on disk, or a new one."""
    forms = {path: form.text() for path, form in sorted(job.forms.items())}
    made = {**job.made, "forms": forms, "shard_bytes": job.shard_bytes}
    if (folder / PLAN).is_file():
        found = read_sealed(folder / PLAN)
        wrong = differences(found["made"], job.made)
        if not wrong and found["made"] != made:
            there = ", ".join(f"{part or 'all'} {form}" for part, form in found["made"].get("forms", {}).items())
            wrong = [f"the forms that parts are kept in (there: {there or 'as returned'})"]
        if wrong:
            raise ConfigError(
                f"{folder} holds a store that differs in {', '.join(wrong)}: delete it or write elsewhere"
            )
        if not (folder / KEYS).is_file():
            write_json(folder / KEYS, list(job.items.keys))
        parts = tuple(Part.of_plain(part) for part in found["parts"])
        records = Records(parts, read_bases(folder, found))
        return Plan(Layout.of_plain(found["layout"]), records, found["records_per_shard"], 0, found["error"])
    new = foreseen(job)
    if planned:
        planned(new, len(job.items))
    check_room(folder, new.record_bytes * len(job.items))
    write_json(folder / KEYS, list(job.items.keys))
    if new.records.bases:
        tensors = {f"{name}.mean": b.mean for name, b in new.records.bases.items()}
        write_tensors(
            folder / BASES, tensors | {f"{name}.directions": b.directions for name, b in new.records.bases.items()}
        )
    bases = {"bases": file_digest(folder / BASES)} if new.records.bases else {}
    write_sealed(folder / PLAN, {**new.plain(made), **bases})
    return new


def foreseen(job: Job) -> Plan:
    """What the store will look like.

    Raises:
        ConfigError: a form does not fit.
    """
    batches = Batches(job.items)
    whole = len(batches) - 1
    looked_at = sorted({whole * i // (SAMPLED_BATCHES - 1) for i in range(SAMPLED_BATCHES)}) if job.forms else [0]
    seen = (batch for batch, _ in in_order(batches, looked_at, workers=0))
    return plan(seen, job.run, job.forms, token_outputs(job.teacher), job.shard_bytes)


def _placed(folder: Path, number: int, settled: Plan) -> Shard:
    if settled.records.varying:
        return Shard(folder, number)
    return Shard(folder, number, start=number * settled.records_per_shard * settled.records.places(())[1])


def _shard(shard: Shard, job: Job, settled: Plan, report: Report | None) -> None:
    """Write one shard, if it is not there."""
    first = shard.number * settled.records_per_shard
    last = min(first + settled.records_per_shard, len(job.items))
    plan = file_digest(shard.folder / PLAN)
    if shard.stands(plan):
        if report:
            report(last, len(job.items))
        return
    records: list[bytes] = []
    counts: list[list[int]] = []
    params: list[Any] = []
    numbers = range(first // BATCH, -(-last // BATCH))
    for batch, drawn in in_order(Batches(job.items), numbers, workers=job.workers):
        left = last - first - len(records)
        found, rows = _encoded(job, settled, batch)
        records += found[:left]
        counts += rows[:left]
        params += drawn[:left]
        if report:
            report(first + len(records), len(job.items))
    shard.write(records, counts, params if job.items.views else None, plan)


def _encoded(job: Job, settled: Plan, batch: Batch) -> tuple[list[bytes], list[list[int]]]:
    """The records of a batch, and the rows of their varying parts."""
    embedding = job.run(batch)
    if not settled.records.varying:
        return settled.records.table(named(embedding), batch.keys), [[] for _ in batch.keys]
    rows = zip(batch.keys, to_rows(embedding, batch, token_outputs(job.teacher)), strict=True)
    whole = [settled.records.to_bytes(row, f"teacher's output for sample {key!r}") for key, row in rows]
    return [content for content, _ in whole], [rows_of_parts for _, rows_of_parts in whole]


def _finish(folder: Path, count: int) -> None:
    """Bind the shards together and take away what is no part of the store."""
    if not (folder / MANIFEST).is_file():
        seals = [Shard(folder, number).sealed() for number in range(count)]
        write_sealed(folder / MANIFEST, {"plan": read_sealed(folder / PLAN), "shards": seals})
    for path in folder.iterdir():
        if path.name.startswith(".") and path.name != ".plan.lock":
            path.unlink(missing_ok=True)
