"""A small teacher with everything that an embedding can hold, and stores of it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, uniform
from xmodal.store.batches import Items, recorded_generator
from xmodal.store.encodings import Form
from xmodal.store.manifest import described
from xmodal.store.writer import Job, write_store

NEED = Need(pooled=True, tokens=True, layers=True)


class Shift(EntryTransform):
    """Moves all points by one number."""

    fields = ("by",)

    def __init__(self, key: str = "points") -> None:
        super().__init__(key)

    def draw(self, sample, generator):
        return {"by": uniform(-1, 1, generator)}

    def apply(self, sample, params):
        moved = Rows(sample.entries[self.key].values + params["by"])
        return Sample(sample.key, {**sample.entries, self.key: moved}, labels=sample.labels)


class Teacher(Adapter):
    """Reads points [P, 2]: a token for every second point, so that the number of tokens varies."""

    modality = "points"
    inputs = ("points",)

    def __init__(self, width: int = 6, ragged: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.width = self.token_width = width
        self.layer_widths = (width, width)
        self.ragged = ragged
        self.lift, self.head = nn.Linear(2, width), nn.Linear(width, 5)
        self.levels = {"part": "tokens", "whole": "pooled"}

    def forward(self, batch, need):
        x, valid = batch.ragged("points").padded()
        if not self.ragged:
            x, valid = x[:, :2], valid[:, :2]
        lifted = self.lift(x).tanh() * valid.unsqueeze(-1)
        tokens = lifted[:, ::2]
        kept = valid[:, ::2]
        of = torch.where(valid, torch.arange(valid.shape[1]) // 2, -1)
        own = Tokens(
            tokens, kept if self.ragged else None, x[:, ::2], "metres", None, of if self.ragged else None, "points"
        )
        pooled = lifted.sum(1)
        return Embedding(
            pooled=pooled,
            tokens=own,
            layers=(Tokens(lifted, valid if self.ragged else None, key="points"), own) if need.layers else (),
            outputs={"whole": self.head(pooled), "part": self.head(tokens)},
            parts={"half": Embedding(pooled=pooled[:, :3])},
        )


def samples(count: int = 40) -> list[Sample]:
    made = []
    for i in range(count):
        generator = torch.Generator().manual_seed(i)
        made.append(Sample(f"s{i:03d}", {"points": Rows(torch.randn(2 + i % 5, 2, generator=generator))}))
    return made


def live(keys, views=None, teacher=None):
    """The teacher on these samples, in a batch of their own."""
    by_key = {sample.key: sample for sample in samples()}
    chosen = [by_key[key] for key in keys]
    if views is not None:
        chosen = [Shift()(s, generator=recorded_generator(s.key, v))[0] for s, v in zip(chosen, views, strict=True)]
    batch = collate(chosen, view=views)
    with torch.no_grad():
        return batch, (teacher or Teacher()).eval()(batch, NEED)


def job(
    *,
    count: int = 40,
    views: int = 0,
    forms: dict[str, Form] | None = None,
    teacher: Adapter | None = None,
    shard_bytes: int = 16 * 1024,
    **changed: object,
) -> Job:
    """A teacher on some samples; `changed` replaces what the store is made from."""
    teacher = (teacher or Teacher()).eval()
    transforms = [Shift()]
    items = Items.of(samples(count), range(count), transforms, views)
    made = described(teacher, items, kind="Teacher", transforms="Shift" if views else "", data="here", need="all")
    return Job(
        teacher=teacher,
        need=NEED,
        items=items,
        device=torch.device("cpu"),
        made={**made, **changed},
        forms=forms or {},
        shard_bytes=shard_bytes,
    )


def written(folder: Path, **options: object) -> Path:
    write_store(folder, job(**options))  # type: ignore[arg-type]
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
