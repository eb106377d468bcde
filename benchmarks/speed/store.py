"""The teacher store against `numpy.memmap` reads of the same bytes and against one file a sample.

    python -m xmodal.benchmarks.speed.store --json store.json

Every side reads the same samples in the same random batches, in turns, from files that the system has in memory. The
store's first pass compares every record with its checksum; later ones do not, and are what the ratio is of. Store and
memmap read by number, as training does, which looks its keys up once; "by key" looks them up in every batch. A memmap
copies the rows out and knows nothing of keys, types or damage; a file a sample is written by `torch.save` and read by
`torch.load(weights_only=True)`. Writing is measured once: the store's time holds its checksums and its flush to disk.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch

from xmodal.adapter import Adapter, Need
from xmodal.benchmarks.speed.interleaved import interleaved, times_faster
from xmodal.benchmarks.speed.results import Figure, conditions, write
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.store import Store, write_store
from xmodal.store.batches import Items
from xmodal.store.manifest import described
from xmodal.store.rows import rebuild
from xmodal.store.writer import Job

SEED = 0
READ_BATCH = 64


class Case(NamedTuple):
    """What a teacher says of a sample."""

    name: str
    records: int
    width: int
    classes: int
    tokens: int
    dtype: torch.dtype


CASES = (
    Case("pooled + logits, float32", 16384, 768, 1000, 0, torch.float32),
    Case("tokens 196 x 384, bfloat16", 1024, 384, 0, 196, torch.bfloat16),
)


class Fixed(Adapter):
    """A teacher that costs nothing: every sample's output is its number in a random table."""

    inputs = ("number",)

    def __init__(self, case: Case) -> None:
        super().__init__()
        make = torch.Generator().manual_seed(SEED)
        self.case = case
        self.width = self.token_width = case.width
        self.table = torch.randn(997, case.width, generator=make).to(case.dtype)
        self.logits = torch.randn(997, case.classes, generator=make).to(case.dtype)
        self.map = torch.randn(997, case.tokens, case.width, generator=make).to(case.dtype)

    def forward(self, batch: Batch, need: Need) -> Embedding:
        row = batch.tensor("number") % 997
        if self.case.tokens:
            return Embedding(tokens=Tokens(self.map[row], grid=(14, 14), key="number"))
        return Embedding(pooled=self.table[row], outputs={"class": self.logits[row]})


def job(case: Case) -> Job:
    """What the store is written from."""
    teacher = Fixed(case)
    samples = [Sample(f"s{i:06d}", {"number": torch.tensor(i)}) for i in range(case.records)]
    items = Items.of(samples, range(case.records), (), 0)
    return Job(teacher, Need(), items, torch.device("cpu"), described(teacher, items))


def written(case: Case, folder: Path) -> dict[str, float]:
    """Seconds to write everything: the store, one file a sample, and the bytes in one piece."""
    seconds, source = {}, job(case)
    start = perf_counter()
    write_store(folder / "store", source)
    seconds["store"] = perf_counter() - start
    store = Store(folder / "store")
    assert store.table is not None
    batches = [range(i, min(i + READ_BATCH, case.records)) for i in range(0, case.records, READ_BATCH)]
    rows = [{name: value[0].clone() for name, value in store.columns([i]).items()} for b in batches for i in b]
    (folder / "files").mkdir()
    start = perf_counter()
    for i, row in enumerate(rows):
        torch.save(row, folder / "files" / f"{i}.pt")
    seconds["files"] = perf_counter() - start
    raw = store.table.rows.numpy().copy()
    start = perf_counter()
    raw.tofile(folder / "raw.bin")
    seconds["memmap"] = perf_counter() - start
    return seconds


def readers(case: Case, folder: Path) -> dict[str, Callable[[], None]]:
    """One epoch of random batches on each side; "first pass" opens the store anew, and so checks every record."""
    order = np.random.default_rng(SEED).permutation(case.records)
    batches = [order[i : i + READ_BATCH] for i in range(0, case.records, READ_BATCH)]
    keys = [[f"s{i:06d}" for i in batch] for batch in batches]
    numbers = [torch.from_numpy(batch) for batch in batches]  # keys of equal length: their order is that of the records
    store = Store(folder / "store")
    size = (folder / "raw.bin").stat().st_size // case.records
    raw = np.memmap(folder / "raw.bin", np.uint8, "r").reshape(case.records, size)

    def ours(opened: Store) -> None:
        for wanted in numbers:
            rebuild(opened.columns(wanted), opened.layout)

    def by_key() -> None:
        for wanted in keys:
            store.read(wanted)

    def mapped() -> None:
        for wanted in batches:
            torch.from_numpy(np.asarray(raw[wanted]))

    def files() -> None:
        for wanted in batches:
            rows = [torch.load(folder / "files" / f"{i}.pt", weights_only=True) for i in wanted]
            for name in rows[0]:
                torch.stack([row[name] for row in rows])

    return {
        "store": lambda: ours(store),
        "by key": by_key,
        "memmap": mapped,
        "files": files,
        "first pass": lambda: ours(Store(folder / "store")),
    }


def compared(case: Case, *, rounds: int) -> dict[str, Any]:
    """One case: MB/s of every side, and the store's second pass over the memmap's with a 95 % interval."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writing = written(case, folder)
        size = (folder / "raw.bin").stat().st_size
        seconds = interleaved(readers(case, folder), rounds=rounds)
    return {
        "case": case.name,
        "records": case.records,
        "bytes": size,
        "rounds": rounds,
        "read_mb_s": {side: size / 1e6 / median(s) for side, s in seconds.items()},
        "write_mb_s": {side: size / 1e6 / s for side, s in writing.items()},
        "of_memmap": times_faster(seconds["store"], seconds["memmap"]),
        "of_files": times_faster(seconds["store"], seconds["files"]),
        "by_key": times_faster(seconds["by key"], seconds["memmap"]),
    }


def figures(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    found = []
    for row in rows:
        bars = {"memmap": "at least 0.8", "files": ""}
        for other, held in bars.items():
            ratio = row[f"of_{other}"]
            name = f"{row['case']}: read rate over that of {other}"
            found.append(Figure(name, ratio["ratio"], "x", ratio["low"], ratio["high"], held))
        ratio = row["by_key"]
        name = f"{row['case']}: read rate by key over that of memmap"
        found.append(Figure(name, ratio["ratio"], "x", ratio["low"], ratio["high"]))
        found += [
            Figure(f"{row['case']}: {words}", row["read_mb_s"][side], "MB/s")
            for side, words in {"store": "read", "first pass": "read for the first time"}.items()
        ]
        found.append(Figure(f"{row['case']}: written", row["write_mb_s"]["store"], "MB/s"))
    return found


def table(cases: tuple[Case, ...], rounds: int) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them."""
    sides = ("store", "by key", "first pass", "memmap", "files")
    print(f"{'MB/s':<30}" + "".join(f"{side:>12}" for side in sides) + "  store / memmap        store / files")
    rows = []
    for case in cases:
        row = compared(case, rounds=rounds)
        rows.append(row)
        speeds = "".join(f"{row['read_mb_s'][side]:>12,.0f}" for side in sides)
        ratios = ["{ratio:.2f} [{low:.2f}, {high:.2f}]".format(**row[name]) for name in ("of_memmap", "of_files")]
        print(f"{'read ' + case.name:<30.30}{speeds}  {ratios[0]:<22}{ratios[1]}", flush=True)
        speeds = "".join(f"{row['write_mb_s'].get(side, float('nan')):>12,.0f}" for side in sides)
        print(f"{'write':<30}{speeds}")
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--records", type=int, help="of each case, fewer for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    args = parser.parse_args(arguments)
    found = conditions("store", __doc__, arguments, seed=SEED)
    print(f"{found}, batches of {READ_BATCH}")
    cases = tuple(case._replace(records=args.records or case.records) for case in CASES)
    rows = table(cases, args.rounds)
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
